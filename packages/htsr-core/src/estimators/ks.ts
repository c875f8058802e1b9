/**
 * Goodness-of-fit cut: of all cuts, the first with the smallest Kolmogorov-Smirnov distance.
 *
 * Clauset, Shalizi, Newman, "Power-law distributions in empirical data" (2009), section 3.3;
 * WeightWatcher's default.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { bestCut, fitAt, powerLawFits } from './power-law.js';

export const ks: TailEstimator = {
  name: 'ks',
  fit(eigenvalues) {
    const fits = powerLawFits(eigenvalues);
    const cut = bestCut(fits, 0, eigenvalues.length - 2);
    if (cut === undefined) {
      throw new AlphaLoraError('NO_SPECTRUM', 'all eigenvalues are equal: there is no tail to fit');
    }
    return fitAt(fits, cut);
  },
};
