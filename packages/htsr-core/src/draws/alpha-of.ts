/** The exponent of a drawn spectrum, which may have none. */
import { isAlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';

/** @returns undefined where no cut gives a fit that says anything, such as for a sample of equal values */
export function alphaOf(sample: Float64Array, estimator: TailEstimator): number | undefined {
  try {
    const { alpha, weak } = estimator.fit(sample);
    return weak === undefined ? alpha : undefined;
  } catch (error) {
    if (isAlphaLoraError(error, 'NO_SPECTRUM')) return undefined;
    throw error;
  }
}
