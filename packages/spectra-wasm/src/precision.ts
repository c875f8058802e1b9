/**
 * Which arithmetic `auto` uses: float32 where its result is provably as good as needed, else float64;
 * and how far down the result of either holds.
 *
 * The Gram matrix squares the condition number, so float32 costs the small eigenvalues their digits.
 * They matter: the default tail estimator spans its histogram from the smallest eigenvalue to the
 * largest, and a wrong smallest one moves every bin. In float32 the alphas of GPT-2's square attention
 * projections were wrong by up to 12 %; in float64 all agree with an SVD.
 *
 * Two measured laws for the relative error in float32 (orders 64 to 4096; real matrices of three
 * models and random ones with spikes; each within a factor of 3 of the worst case):
 *
 *     at the median eigenvalue and above   1.2e-11 n lambda_max / lambda_median
 *     at the smallest eigenvalue           2.4e-8 sqrt(n) lambda_mean / lambda_min
 *
 * The second has the mean, not the largest: spikes leave the reduction early and take their rounding
 * errors with them. In float64 both are smaller by 2^29, the ratio of the machine epsilons.
 */
import { type DType, elementTypes } from '@alphalora/contracts/weights';

/** Relative error that an eigenvalue may have. */
const TOLERANCE = 1e-4;
/** The same in float64 up to the small order, where to do better costs little. */
const SMALL_TOLERANCE = 1e-5;
/** Errors of single eigenvalues in the middle exceed the laws by up to this factor on real matrices. */
const LEEWAY = 3;
/**
 * Up to this order float64 costs well under a second, and small models are compared digit by digit:
 * in float32 the worst alpha of GPT-2's 768 x 2304 projections is off by 1.2e-6.
 */
const SMALL_ORDER = 1024;

/** The arithmetic to begin with; float64 where float32 is not worth a try. */
export function firstPrecision({
  rows,
  columns,
  dtype,
}: {
  rows: number;
  columns: number;
  dtype: DType;
}): 'f32' | 'f64' {
  const order = Math.min(rows, columns);
  if (order <= SMALL_ORDER || elementTypes[dtype].wide) return 'f64';
  // Smallest eigenvalue of a random matrix of this shape over the mean (Marchenko and Pastur, 1967).
  // Trained matrices have smaller ones. Square matrices never pass.
  const smallest = (1 - Math.sqrt(order / Math.max(rows, columns))) ** 2;
  return smallestError(order, 1 / smallest) <= TOLERANCE ? 'f32' : 'f64';
}

/** Rounding errors, those of float32 being 1. */
const ROUNDING = { f32: 1, f64: 2 ** -29 } as const;

/**
 * The smallest singular value (of all, ascending) that a Gram matrix in this arithmetic resolves:
 * eigenvalues from its square up are within three times the tolerance. 0 when all are within it.
 */
export function resolvedFrom(singularValues: Float64Array, precision: 'f32' | 'f64'): number {
  const order = singularValues.length;
  const wanted = precision === 'f64' && order <= SMALL_ORDER ? SMALL_TOLERANCE : TOLERANCE;
  const tolerance = wanted / ROUNDING[precision];
  const eigenvalue = (index: number): number => singularValues[index]! ** 2;
  const mean = singularValues.reduce((total, value) => total + value * value, 0) / order;
  const upper = 1.2e-11 * order * eigenvalue(order - 1);
  const upperError = upper / eigenvalue(order >> 1);
  const worst = Math.max(upperError, smallestError(order, mean / eigenvalue(0)));
  if (worst <= tolerance) return 0;
  return Math.sqrt((LEEWAY * Math.max(upper, smallestError(order, mean))) / tolerance);
}

function smallestError(order: number, meanOverSmallest: number): number {
  return 2.4e-8 * Math.sqrt(order) * meanOverSmallest;
}
