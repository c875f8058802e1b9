/**
 * Bagging: the mean of an exponent over draws in place of that of the one spectrum at hand (Breiman,
 * "Bagging predictors", 1996), for estimators that jump.
 *
 * The cut of `fix-finger` follows the fullest of 100 bins of a histogram, which noise of a percent
 * moves to another place, and alpha with it. Over rigid draws of the spectrum the jumps average out:
 *
 *     alpha = 1 + exp(mean of ln(alpha* - 1))
 *
 * where alpha* is the exponent of a draw.
 */
import type { TailEstimator } from '@alphalora/contracts/extensions';
import type { Random } from '@alphalora/contracts/numbers';
import { exponentLogs, geometricMean, standardDeviation } from '../statistics.js';
import { alphaOf } from './alpha-of.js';
import { rigidly } from './rigid.js';

export interface Bagged {
  readonly alpha: number;
  /** Variance of ln(alpha* - 1) over the draws; NaN for a single one. */
  readonly variance: number;
}

/**
 * The exponent of a spectrum over rigid draws.
 *
 * @param params.eigenvalues positive, ascending
 * @param params.bag number of draws
 * @returns undefined where no draw has a fit
 */
export function baggedAlpha(params: {
  eigenvalues: Float64Array;
  estimator: TailEstimator;
  bag: number;
  random: Random;
}): Bagged | undefined {
  const { eigenvalues, estimator, bag, random } = params;
  const draw = rigidly(eigenvalues);
  const alphas: number[] = [];
  for (let i = 0; i < bag; i++) {
    const alpha = alphaOf(draw(random), estimator);
    if (alpha !== undefined) alphas.push(alpha);
  }
  if (alphas.length === 0) return undefined;
  const variance = standardDeviation(exponentLogs(alphas).logs) ** 2;
  return { alpha: geometricMean(alphas), variance };
}
