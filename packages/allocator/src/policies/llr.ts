/**
 * LLR, layer-wise learning rates (arXiv 2605.22297): factors on the global learning rate, linear in
 * alpha.
 *
 *   f = (alpha - min) / (max - min) * (high - low) + low,  (low, high) = (1, 5)
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { linearMap } from './linear-map.js';
import { numberFrom, strictOptions } from './options.js';

export const llr: AllocationPolicy<{ low: number; high: number }> = {
  name: 'llr',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'learning-rate factors linear in alpha, from 1 to 5 (arXiv 2605.22297)',
  options: v.pipe(
    strictOptions({
      low: v.optional(numberFrom(0), 1),
      high: v.optional(numberFrom(0), 5),
    }),
    v.check(({ low, high }) => low <= high, 'low must not be above high'),
  ),
  traits: {
    resources: ['learning-rate'],
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
