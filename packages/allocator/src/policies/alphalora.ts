/**
 * AlphaLoRA (Qing et al., arXiv 2410.10054, section 3.3): experts in proportion to alpha^beta.
 *
 *   s_l = alpha_l^beta,  n_l = T * s_l / sum s,  beta = 2.5
 *
 * A larger alpha means a less well trained block, which gets more experts. The weights are not
 * scaled: the rounding of the released code compares them with the counts.
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { numberFrom } from './options.js';
import { requireScores } from './scores.js';

/** Where blocks differ at all, the highest alpha has everything long before; larger powers overflow. */
const HIGHEST_BETA = 100;

export const alphalora: AllocationPolicy<{ beta: number }> = {
  name: 'alphalora',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'in proportion to alpha^beta (arXiv 2410.10054)',
  options: v.strictObject({
    beta: v.optional(v.pipe(numberFrom(0), v.maxValue(HIGHEST_BETA)), 2.5),
  }),
  traits: {
    resources: ['experts', 'rank', 'selection'],
    answer: 'weights',
    monotone: 'increasing',
    equivariant: true,
  },
  describe: ({ options: { beta }, layer }) =>
    `in proportion to alpha to the power of ${Number(beta.toPrecision(6))}: the less trained a ` +
    `${layer} is, the more it gets`,
  allocate({ layers, options: { beta } }) {
    requireScores('alphalora', layers, 0, true);
    return { weights: layers.map(({ score }) => score ** beta) };
  },
};
