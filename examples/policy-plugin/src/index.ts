/**
 * Experts or ranks in proportion to exp(alpha / temperature): the softmax that routers and samplers
 * use, over the blocks.
 *
 *   s_l = exp((alpha_l - max alpha) / temperature)
 *
 * A low temperature gives nearly everything to the least trained blocks, a high one the same to all.
 * This is no published rule; it is here to show a policy in a package of its own.
 */
import { definePolicy } from '@alphalora/allocator';
import { z } from 'zod';

export default definePolicy({
  name: 'softmax',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'in proportion to exp(alpha / temperature)',
  options: z.strictObject({ temperature: z.number().positive().default(1) }),
  traits: {
    resources: ['experts', 'rank'],
    answer: 'weights',
    monotone: 'increasing',
    equivariant: true,
  },
  allocate({ layers, options: { temperature } }) {
    // The largest exponent is 0, so that no weight overflows.
    const most = Math.max(...layers.map(({ score }) => score));
    return { weights: layers.map(({ score }) => Math.exp((score - most) / temperature)) };
  },
});
