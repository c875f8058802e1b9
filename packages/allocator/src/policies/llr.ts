/**
 * LLR, layer-wise learning rates (arXiv 2605.22297): factors on the global learning rate, linear in
 * alpha.
 *
 *   f = (alpha - min) / (max - min) * (high - low) + low,  (low, high) = (1, 5)
 */
import { linearFactors } from './linear-factors.js';

export const llr: ReturnType<typeof linearFactors> = linearFactors({
  name: 'llr',
  summary: 'learning-rate factors linear in alpha, from 1 to 5 (arXiv 2605.22297)',
  resource: 'learning-rate',
  low: 1,
  high: 5,
});
