/** Plain statistics of short lists. */

/** Unweighted; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** With n - 1 in the denominator; NaN for fewer than two values. */
export function standardDeviation(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.reduce((total, value) => total + (value - center) ** 2, 0);
  return values.length < 2 ? Number.NaN : Math.sqrt(squares / (values.length - 1));
}

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

/** The middle 95 % of values in any order; undefined where there are too few to tell. */
export function middle95(values: readonly number[]): [low: number, high: number] | undefined {
  if (values.length < FEWEST_FOR_INTERVAL) return undefined;
  const ascending = values.toSorted((a, b) => a - b);
  return [quantile(ascending, 0.025), quantile(ascending, 0.975)];
}

/** 2.5 % of fewer values is less than one of them. */
const FEWEST_FOR_INTERVAL = 40;
