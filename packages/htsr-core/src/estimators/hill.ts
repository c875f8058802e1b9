/**
 * Hill estimator with a fixed cut: the upper part of the spectrum, by default its upper half.
 *
 * Used by TempBalance (arXiv 2312.00359) and AlphaDecay (arXiv 2506.14562). The cut is at index
 * N - k of the ascending eigenvalues and counts as part of the tail; k defaults to N - floor(N/2).
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { fitAt, powerLawFits } from './power-law.js';

/**
 * @param params.k number of tail eigenvalues, the cut included; the upper half when absent
 * @throws AlphaLoraError `INVALID_OPTION` when k is not an integer of at least 2
 */
export function hill(params: { k?: number } = {}): TailEstimator {
  const { k } = params;
  if (k !== undefined && !(Number.isInteger(k) && k >= 2)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `hill: k must be an integer of at least 2, not ${k}`,
    );
  }
  return {
    name: 'hill',
    reads: (count) => Math.min(count, k ?? count - Math.floor(count / 2)),
    fit(eigenvalues) {
      const count = eigenvalues.length;
      return fitAt(powerLawFits(eigenvalues), k ? Math.max(0, count - k) : Math.floor(count / 2));
    },
  };
}
