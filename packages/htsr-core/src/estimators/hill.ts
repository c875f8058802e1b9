/**
 * Hill estimator with a fixed cut: the upper part of the spectrum, by default its upper half.
 *
 * Used by TempBalance (arXiv 2312.00359) and AlphaDecay (arXiv 2506.14562). The cut is at index
 * N - k of the ascending eigenvalues and counts as part of the tail; k defaults to N - floor(N/2), and
 * for a share p of the eigenvalues is floor(p N).
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { fitAt, powerLawFits } from './power-law.js';

/**
 * @param params.k number of tail eigenvalues, the cut included; the upper half when absent
 * @param params.share the same as a share of the eigenvalues, above 0 and up to 1; 2 at least
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
  const tailOf = (count: number): number => {
    if (share !== undefined) return Math.max(2, Math.floor(share * count));
    return Math.min(count, k ?? count - Math.floor(count / 2));
  };
  return {
    name: 'hill',
    fixedCut: true,
    reads: (count) => Math.min(count, tailOf(count)),
    fit(eigenvalues) {
      const count = eigenvalues.length;
      return fitAt(powerLawFits(eigenvalues), Math.max(0, count - tailOf(count)));
    },
  };
}
