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

/**
 * ln(alpha - 1) of exponents, to whose scale the error of a tail index is proportional.
 *
 * @returns `origin` is what was taken away: 1, or 0 where an exponent does not exceed 1, as laws with
 *   a cut-off may have it
 */
export function exponentLogs(alphas: readonly number[]): { origin: 0 | 1; logs: number[] } {
  const origin = Math.min(...alphas) > 1 ? 1 : 0;
  return { origin, logs: alphas.map((alpha) => Math.log(alpha - origin)) };
}

/** 1 + exp(mean of ln(alpha - 1)): the geometric mean of what exponents have above 1. */
export function geometricMean(alphas: readonly number[]): number {
  const { origin, logs } = exponentLogs(alphas);
  return origin + Math.exp(mean(logs));
}

export { quantile };

/** The middle 95 %; undefined where there are too few values to tell. */
export function middle95(values: readonly number[]): [low: number, high: number] | undefined {
  return values.length < FEWEST_FOR_INTERVAL ? undefined : middle(values);
}

/** 2.5 % of fewer values is less than one of them. */
const FEWEST_FOR_INTERVAL = 40;
