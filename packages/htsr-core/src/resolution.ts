/**
 * How far down a spectrum is known, and whether a fit rests on what is not.
 *
 * A Gram matrix, above all in float32, costs the smallest eigenvalues their digits: their number is
 * then uncertain as well, because those that drown in rounding errors cannot be told from zeros. An
 * estimator that reads them gives an exponent that may be far off, and metrics that count them do not
 * exist.
 */
import type { Resolution, TailEstimator } from '@alphalora/contracts/extensions';

/** Whether the number of eigenvalues that are not zero is certain. */
export function isRankKnown(eigenvalues: Float64Array, { from, count }: Resolution): boolean {
  return from === 0 || eigenvalues.length === count;
}

/**
 * Why the fit of the estimator is not to be relied on; undefined where it is.
 * @param eigenvalues positive, ascending
 */
export function impreciseReason(
  eigenvalues: Float64Array,
  resolution: Resolution,
  estimator: Pick<TailEstimator, 'name' | 'reads'>,
  precision: 'f32' | 'f64' = 'f32',
): string | undefined {
  const { from, count } = resolution;
  if (from === 0) return undefined;
  const { length } = eigenvalues;
  const reads = (total: number): number => estimator.reads?.(total) ?? total;
  const deepest = reads(length);
  const certain = isRankKnown(eigenvalues, resolution) || reads(count) === deepest;
  if (certain && eigenvalues[length - deepest]! >= from) return undefined;
  const below = count - eigenvalues.filter((value) => value >= from).length;
  return (
    `${precision === 'f32' ? 'float32' : 'float64'} does not resolve the ${below} smallest of ` +
    `${count} eigenvalues, which the estimator ${estimator.name} depends on` +
    (precision === 'f32' ? '; use precision auto' : '')
  );
}
