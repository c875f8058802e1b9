/**
 * LayerIF (Askari et al., arXiv 2505.23811): experts in proportion to any score of the layers, there
 * the influence of training data; every layer gets one, the rest is shared out.
 *
 *   f_l = s_l / sum s * (T - m),  n_l = floor(f_l) + 1,  leftovers to the largest fractions of f
 *
 * A policy only weighs; "one each, then the rest" is the rounding `floor-one`, which reproduces the
 * paper's rule together with this policy.
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import { inProportion, proportional } from './proportional.js';

export const layerif: AllocationPolicy<Record<never, never>> = {
  ...proportional,
  name: 'layerif',
  summary: 'in proportion to any score, with the rounding floor-one (arXiv 2505.23811)',
  allocate: ({ layers }) => inProportion('layerif', layers),
};
