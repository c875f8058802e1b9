/**
 * AlphaDecay (arXiv 2506.14562): factors on the global weight decay, per module, stronger for a
 * larger alpha.
 *
 *   f = (alpha - min) / (max - min) * (high - low) + low,  (low, high) = (0.67, 3) or (0.67, 5)
 */
import { linearFactors } from './linear-factors.js';

export const alphadecay: ReturnType<typeof linearFactors> = linearFactors({
  name: 'alphadecay',
  summary: 'weight-decay factors linear in alpha (arXiv 2506.14562)',
  resource: 'weight-decay',
  low: 0.67,
  high: 3,
});
