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

/** Equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}
