/**
 * AlphaLoRA (Qing et al., arXiv 2410.10054, section 3.3): experts in proportion to alpha^beta.
 *
 *   s_l = alpha_l^beta,  n_l = T * s_l / sum s,  beta = 2.5
 *
 * A larger alpha means a less well trained block, which gets more experts.
 */
import type { AllocationPolicy } from '@alphalora/contracts';
import * as v from 'valibot';
import { parseWith } from './options.js';

const options: v.GenericSchema<unknown, { beta: number }> = v.strictObject({
  beta: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 2.5),
});

export const alphalora: AllocationPolicy<{ beta: number }> = {
  name: 'alphalora',
  version: '1.0.0',
  parseOptions: (given) => parseWith('alphalora', options, given),
  allocate: (layers, { beta }) => layers.map((layer) => layer.score ** beta),
};
