/**
 * How far to trust an alpha: the estimator applied anew to eigenvalues drawn with replacement, the
 * choice of the cut included.
 *
 * Clauset, Shalizi, Newman, "Power-law distributions in empirical data" (2009, arXiv 0706.1062),
 * section 3.3, recommend it for the uncertainty of the cut and the exponent together; the standard
 * error (alpha - 1) / sqrt(n) holds for a given cut only. Eigenvalues of one matrix repel one
 * another and are no independent sample, so that the spread is rather too wide than too narrow.
 */

import { isAlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import type { Random } from '@alphalora/contracts/numbers';
import { quantile } from './statistics.js';

/**
 * @param params.eigenvalues positive, ascending
 * @param params.alpha what the estimator makes of them: the median of the result
 * @param params.draws how many samples are drawn
 * @returns alpha of every draw that has a fit, in the order of the draws
 */
export function bootstrapAlphas(params: {
  eigenvalues: Float64Array;
  alpha: number;
  estimator: TailEstimator;
  draws: number;
  random: Random;
}): number[] {
  const { eigenvalues, alpha, estimator, draws, random } = params;
  const alphas: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    try {
      alphas.push(estimator.fit(resample(eigenvalues, random)).alpha);
    } catch (error) {
      // A sample of equal values, or without a candidate for the cut, has no exponent.
      if (!isAlphaLoraError(error, 'NO_SPECTRUM')) throw error;
    }
  }
  return centred(alphas, alpha);
}

/**
 * Scales alpha - 1, to which the standard error is proportional, so that the median becomes the
 * estimate. A sample drawn with replacement has a rougher histogram than the spectrum, which moves
 * the cuts that follow its peak; that shift belongs to the drawing and not to the matrix.
 *
 * Laws with a cut-off may have exponents below 1; then alpha itself is scaled.
 */
function centred(alphas: readonly number[], alpha: number): number[] {
  if (alphas.length === 0) return [];
  const ascending = alphas.toSorted((a, b) => a - b);
  const origin = Math.min(ascending[0]!, alpha) > 1 ? 1 : 0;
  const factor = (alpha - origin) / (quantile(ascending, 0.5) - origin);
  return alphas.map((drawn) => origin + factor * (drawn - origin));
}

/** As many values as there are, drawn with replacement, ascending without a sort. */
function resample(ascending: Float64Array, random: Random): Float64Array {
  const count = ascending.length;
  const times = new Uint32Array(count);
  for (let i = 0; i < count; i++) times[Math.floor(random() * count)]!++;
  const sample = new Float64Array(count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const start = end;
    end += times[i]!;
    sample.fill(ascending[i]!, start, end);
  }
  return sample;
}
