/** Plain statistics of short lists. */
import { middle95 as middle, quantile } from '@alphalora/contracts/numbers';

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

export { quantile };

/** The middle 95 %; undefined where there are too few values to tell. */
export function middle95(values: readonly number[]): [low: number, high: number] | undefined {
  return values.length < FEWEST_FOR_INTERVAL ? undefined : middle(values);
}

/** 2.5 % of fewer values is less than one of them. */
const FEWEST_FOR_INTERVAL = 40;
