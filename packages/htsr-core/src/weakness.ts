/**
 * Fits that say nothing about how well a matrix is trained: why a fit is left out of its block's
 * score. The estimators return an exponent for any two different eigenvalues; this decides, in one
 * place, whether the exponent means anything.
 *
 * - Too few in the tail. Above the cut the n - 1 logarithms are exponential with rate alpha - 1, so
 *   that the estimate of alpha - 1 follows n / Gamma(n - 1): without a mean at n = 2, without a
 *   variance at n = 3, and with a standard deviation of 1/sqrt(n - 3) of its mean from 4 on. At 4
 *   the error is as large as the number; 5 is the first tail that is worth a fit.
 * - Of these, only eigenvalues above the rounding of the stored weights count. Rounding to float32
 *   and float64 was left out of the spectrum before (`rank.ts`, which looks at the weights: one huge
 *   element raises the level below without making its neighbors rounding errors). Errors of rounding up
 *   to u |w|, independent of one another, are a random matrix whose largest singular value is at
 *   most u |W|_F (1/sqrt(rows) + 1/sqrt(columns)) (the edge of Marchenko and Pastur). A matrix of
 *   rank two that was rounded has full rank, and all but two of its eigenvalues lie below that.
 * - A spectrum that is flat. Eigenvalues within a factor of 1.5 (singular values within 22 %) are
 *   those of a multiple of an orthogonal matrix with some noise; quantization to 8 bits spreads
 *   them by as much. An exponent above 3.5 comes out of any such spectrum, up to 1e7.
 * - A tail that piles up at its cut: half of it within 1 % of its smallest eigenvalue, which is how
 *   far apart rounding to bfloat16 moves equal ones. A power law does so for alpha = 70 only.
 *
 * WeightWatcher 0.7.5.5 leaves out matrices with fewer than 10 eigenvalues (`min_evals`), which
 * would exclude every LoRA of rank 8, and has no bound on the tail or its width.
 */
import type { DType, TailFit } from '@alphalora/contracts';
import { quantile } from './statistics.js';

/** Eigenvalues that a tail needs for its exponent to say anything. */
export const SMALLEST_TAIL = 5;
/** Largest over smallest eigenvalue of a spectrum that is more than a constant with noise. */
const FLAT = 1.5;
/** Median over smallest eigenvalue of a tail that is more than a pile at its cut. */
const PILE = 1.01;

/** Half the distance between neighboring numbers, relative to them. */
const roundings: Partial<Record<DType, number>> = {
  F16: 2 ** -11,
  BF16: 2 ** -8,
  F8_E4M3: 2 ** -4,
  F8_E5M2: 2 ** -3,
};

export interface FittedSpectrum {
  /** Positive, ascending, pooled over the matrices. */
  eigenvalues: Float64Array;
  fit: TailFit;
  /** Sides of each of the matrices, and how many there are. */
  smaller: number;
  larger: number;
  matrices: number;
  /** Type that their values are stored in. */
  dtype: DType;
}

/** Why the fit says nothing, in words; undefined where it counts. */
export function weaknessOf(spectrum: FittedSpectrum): string | undefined {
  const { eigenvalues, fit } = spectrum;
  const level = roundingLevel(spectrum);
  const clear = countFrom(eigenvalues, level);
  if (clear < SMALLEST_TAIL) {
    const where = clear < eigenvalues.length ? 'above the rounding of the weights' : 'in all';
    return `${count(clear)} ${where}: ${NEEDED}`;
  }
  const [smallest, largest] = [eigenvalues[0]!, eigenvalues.at(-1)!];
  if (largest < FLAT * smallest) {
    return `eigenvalues almost equal: the largest is only ${factor(largest / smallest)} the smallest`;
  }
  const start = eigenvalues.length - countFrom(eigenvalues, fit.xmin);
  const tail = eigenvalues.subarray(start, start + fit.tail);
  const clearTail = countFrom(tail, level);
  if (clearTail < SMALLEST_TAIL) return `${count(clearTail)} in the tail: ${NEEDED}`;
  const middle = quantile(tail, 0.5) / fit.xmin;
  if (middle < PILE) return `half of the tail is at its cut, up to ${factor(middle)} it`;
  return undefined;
}

/** Below this an eigenvalue may be nothing but the rounding of the weights. */
function roundingLevel(spectrum: FittedSpectrum): number {
  const { eigenvalues, smaller, larger, matrices, dtype } = spectrum;
  const total = eigenvalues.reduce((sum, value) => sum + value, 0) / matrices;
  const edge = (roundings[dtype] ?? 0) * (1 / Math.sqrt(smaller) + 1 / Math.sqrt(larger));
  return total * edge ** 2;
}

/** How many of the ascending values reach the bound. */
function countFrom(ascending: Float64Array, bound: number): number {
  const first = ascending.findIndex((value) => value >= bound);
  return first < 0 ? 0 : ascending.length - first;
}

const NEEDED = `an exponent needs at least ${SMALLEST_TAIL}`;

function count(eigenvalues: number): string {
  if (eigenvalues === 0) return 'no eigenvalue';
  return `only ${eigenvalues} ${eigenvalues === 1 ? 'eigenvalue' : 'eigenvalues'}`;
}

function factor(ratio: number): string {
  const excess = ratio - 1;
  return excess < 1e-3 ? `1 + ${excess.toExponential(0)} times` : `${ratio.toPrecision(3)} times`;
}
