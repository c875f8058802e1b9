/**
 * Hill estimator with a fixed cut: a share of the spectrum, by default its upper quarter.
 *
 * Used by TempBalance (arXiv 2312.00359) and AlphaDecay (arXiv 2506.14562) with a share of a half. The
 * cut is at index N - k of the ascending eigenvalues and counts as part of the tail. For a share p of
 * the eigenvalues k is ceil(p N), and as many as a fit needs to say anything where that is less: with
 * p = 1/2 it is their cut, at index floor(N/2), from 9 eigenvalues on.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { defaultTailShare } from '../defaults.js';
import { SMALLEST_TAIL } from '../weakness.js';
import { fitAt, powerLawFits } from './power-law.js';

/**
 * @param params.k number of tail eigenvalues, the cut included; in place of a share
 * @param params.share the same as a share of the eigenvalues, above 0 and up to 1; 5 of them at least,
 *   where there are as many. 0.25 when neither is given
 * @throws AlphaLoraError `INVALID_OPTION` when k is not an integer of at least 2, the share is out of
 *   range, or both are given
 */
export function hill(params: { k?: number; share?: number } = {}): TailEstimator {
  const { k, share } = params;
  const problem =
    (k !== undefined &&
      !(Number.isInteger(k) && k >= 2) &&
      `k must be an integer of at least 2, not ${k}`) ||
    (share !== undefined &&
      !(share > 0 && share <= 1) &&
      `the share of the tail must be above 0 and at most 1, not ${share}`) ||
    (k !== undefined && share !== undefined && 'k and the share of the tail exclude one another');
  if (problem) throw new AlphaLoraError('INVALID_OPTION', `hill: ${problem}`);
  const tailShare = share ?? defaultTailShare;
  const tailOf = (count: number): number =>
    Math.min(count, k ?? Math.max(SMALLEST_TAIL, Math.ceil(tailShare * count)));
  return {
    name: 'hill',
    settings: k === undefined ? { tailShare } : { tail: k },
    fixedCut: true,
    reads: tailOf,
    fit(eigenvalues) {
      const count = eigenvalues.length;
      return fitAt(powerLawFits(eigenvalues), count - tailOf(count));
    },
  };
}
