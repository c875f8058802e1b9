/** How alike two orders are. */

/** Spearman's rank correlation; undefined for fewer than two values or where all are equal. */
export function spearman(a: readonly number[], b: readonly number[]): number | undefined {
  const [ranksA, ranksB] = [ranks(a), ranks(b)];
  // Ranks 0 to n - 1, ties included, have this mean.
  const centre = (a.length - 1) / 2;
  const dot = (x: number[], y: number[]): number =>
    x.reduce((sum, rank, i) => sum + (rank - centre) * (y[i]! - centre), 0);
  const scale = Math.sqrt(dot(ranksA, ranksA) * dot(ranksB, ranksB));
  return scale > 0 ? dot(ranksA, ranksB) / scale : undefined;
}

/** From 0 for the lowest; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const ends = new Map<number, [first: number, last: number]>();
  for (const [rank, value] of values.toSorted((a, b) => a - b).entries()) {
    const end = ends.get(value);
    if (end) end[1] = rank;
    else ends.set(value, [rank, rank]);
  }
  return values.map((value) => {
    const [first, last] = ends.get(value)!;
    return (first + last) / 2;
  });
}
