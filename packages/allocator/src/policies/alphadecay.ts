/**
 * AlphaDecay (arXiv 2506.14562): factors on the global weight decay, per module, stronger for a
 * larger alpha.
 *
 *   f = (alpha - min) / (max - min) * (high - low) + low,  (low, high) = (0.67, 3) or (0.67, 5)
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { linearMap } from './linear-map.js';
import { numberFrom, strictOptions } from './options.js';

export const alphadecay: AllocationPolicy<{ low: number; high: number }> = {
  name: 'alphadecay',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'weight-decay factors linear in alpha (arXiv 2506.14562)',
  options: v.pipe(
    strictOptions({
      low: v.optional(numberFrom(0), 0.67),
      /** The paper's other setting is 5. */
      high: v.optional(numberFrom(0), 3),
    }),
    v.check(({ low, high }) => low <= high, 'low must not be above high'),
  ),
  traits: {
    resources: ['weight-decay'],
    answer: 'values',
    monotone: 'increasing',
    equivariant: true,
  },
  describe: ({ layer }) => `that grows with alpha: the less trained a ${layer} is, the larger`,
  allocate: ({ layers, options: { low, high } }) => ({
    values: linearMap(
      layers.map(({ score }) => score),
      low,
      high,
    ),
  }),
};
