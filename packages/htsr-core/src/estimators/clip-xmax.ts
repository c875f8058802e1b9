/**
 * Fingers, a few eigenvalues far above all others, set aside where they spoil the fit
 * (WeightWatcher's `fix_fingers='clip_xmax'`).
 *
 * From two to nine of the largest eigenvalues are left out of the `ks` fit, one more at a time, until
 * alpha is lower by more than 1 than with all of them; that fit counts. Where it never is, or alpha
 * comes down to 2 before, the fit to all eigenvalues counts and `fingers` is 0. `rawAlpha` is that of
 * all eigenvalues. WeightWatcher's `num_fingers` is one less than the number that it leaves out;
 * `fingers` is that number.
 */
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { ks } from './ks.js';

const FEWEST_FINGERS = 2;
const MOST_FINGERS = 9;
/** How much lower alpha must be. */
const FALL = 1;
/** Alpha at which leaving out more stops. */
const LOWEST_ALPHA = 2;

export const clipXmax: TailEstimator = {
  name: 'clip-xmax',
  fit(eigenvalues) {
    const all = ks.fit(eigenvalues);
    const rawAlpha = all.alpha;
    for (let fingers = FEWEST_FINGERS; fingers <= MOST_FINGERS; fingers++) {
      const rest = eigenvalues.subarray(0, Math.max(0, eigenvalues.length - fingers));
      if (rest.length < 2 || rest[0] === rest.at(-1)) break;
      const fit = ks.fit(rest);
      if (fit.alpha + FALL < rawAlpha) return { ...fit, fingers, rawAlpha };
      if (fit.alpha <= LOWEST_ALPHA) break;
    }
    return { ...all, fingers: 0, rawAlpha };
  },
};
