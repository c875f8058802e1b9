/**
 * What "the middle 95 %" of the documents means, in one place, because several packages write such
 * intervals down.
 */

/**
 * Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7; numpy's
 * default).
 * @param ascending not empty
 * @param share 0 to 1
 */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  const position = share * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below]!;
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!;
  return low + (position - below) * (high - low);
}

/**
 * The quantiles 0.025 and 0.975.
 * @param values in any order, not empty
 */
export function middle95(values: readonly number[]): [low: number, high: number] {
  const ascending = values.toSorted((a, b) => a - b);
  return [quantile(ascending, 0.025), quantile(ascending, 0.975)];
}
