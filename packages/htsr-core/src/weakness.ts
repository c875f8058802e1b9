/**
 * Fits that say nothing about how well a matrix is trained: why a fit is left out of its block's
 * score. The estimators return an exponent for any two different eigenvalues; this decides, in one
 * place, whether the exponent means anything.
 *
 * - Too few in the tail. Above the cut the n - 1 logarithms are exponential with rate alpha - 1, so
 *   that the estimate of alpha - 1 follows n / Gamma(n - 1): without a mean at n = 2, without a
 *   variance at n = 3, and with a standard deviation of 1/sqrt(n - 3) of its mean from 4 on. At 4
 *   the error is as large as the number; 5 is the first tail that is worth a fit.
 * - A spectrum that is flat. Eigenvalues within a factor of 1.5 (singular values within 22 %) are
 *   those of a multiple of an orthogonal matrix with some noise; quantization to 8 bits spreads
 *   them by as much. An exponent above 3.5 comes out of any such spectrum, up to 1e7.
 * - A tail that piles up at its cut: half of it within 1 % of its smallest eigenvalue, which is how
 *   far apart rounding to bfloat16 moves equal ones. A power law does so for alpha = 70 only.
 * - A tail of two or three values, each repeated, by the same 1 %.
 * - What the estimator itself says, such as that an exponential fits better than its law.
 *
 * WeightWatcher 0.7.5.5 leaves out matrices with fewer than 10 eigenvalues (`min_evals`), which
 * would exclude every LoRA of rank 8, and has no bound on the tail or its width.
 */
import type { TailFit } from '@alphalora/contracts/extensions';
import { quantile } from './statistics.js';

/** Eigenvalues that a tail needs for its exponent to say anything. */
export const SMALLEST_TAIL = 5;
/** Largest over smallest eigenvalue of a spectrum that is more than a constant with noise. */
const FLAT = 1.5;
/** How far apart rounding may move equal eigenvalues. */
const EQUAL = 1.01;
/** Different eigenvalues of a tail that is more than a few which repeat. */
const FEWEST_LEVELS = 4;

/**
 * Why the fit says nothing, in words; undefined where it counts.
 * @param eigenvalues positive, ascending, without those that are zero but for rounding
 */
export function weaknessOf(eigenvalues: Float64Array, fit: TailFit): string | undefined {
  if (fit.weak !== undefined) return fit.weak;
  const { length } = eigenvalues;
  if (length < SMALLEST_TAIL) return `${count(length)} in all: ${NEEDED}`;
  const [smallest, largest] = [eigenvalues[0]!, eigenvalues.at(-1)!];
  if (largest < FLAT * smallest) {
    return `eigenvalues almost equal: the largest is only ${factor(largest / smallest)} the smallest`;
  }
  if (fit.tail < SMALLEST_TAIL) return `${count(fit.tail)} in the tail: ${NEEDED}`;
  const start = eigenvalues.findIndex((value) => value >= fit.xmin);
  const tail = eigenvalues.subarray(start, start + fit.tail);
  const middle = quantile(tail, 0.5) / fit.xmin;
  if (middle < EQUAL) return `half of the tail is at its cut, up to ${factor(middle)} it`;
  const levels = levelsOf(tail);
  return levels < FEWEST_LEVELS ? `only ${levels} different eigenvalues in the tail` : undefined;
}

/**
 * Why the tail is thin, in words; undefined where it has as many eigenvalues as it should. A thin tail
 * is no weak fit: its exponent says something, though it is uncertain, and counts.
 */
export function thinReason({ tail }: TailFit, least = 0): string | undefined {
  return tail < least ? `${tail} eigenvalues in the tail, fewer than ${least}` : undefined;
}

/** Different values, where those that a level begins with and all up to 1 % above count as one. */
function levelsOf(ascending: Float64Array): number {
  let levels = 0;
  let end = 0;
  for (const value of ascending) {
    if (value < end) continue;
    levels++;
    end = value * EQUAL;
  }
  return levels;
}

const NEEDED = `an exponent needs at least ${SMALLEST_TAIL}`;

function count(eigenvalues: number): string {
  return `only ${eigenvalues} ${eigenvalues === 1 ? 'eigenvalue' : 'eigenvalues'}`;
}

function factor(ratio: number): string {
  const excess = ratio - 1;
  return excess < 1e-3 ? `1 + ${excess.toExponential(0)} times` : `${ratio.toPrecision(3)} times`;
}
