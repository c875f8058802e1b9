// @ts-check
/**
 * Shares out experts, or ranks, in proportion to a power of each layer's score:
 *
 *   w_l = score_l^power
 *
 * Name the paper and the equation here. A larger alpha means a less well trained layer.
 */
import { definePolicy } from '@alphalora/allocator';
import * as v from 'valibot';

export default definePolicy({
  name: 'policy-name',
  version: '0.1.0',
  apiVersion: 1,
  summary: 'in proportion to a power of the score',

  // Every option has a default, and a misspelt one is an error.
  options: v.strictObject({
    power: v.optional(v.pipe(v.number(), v.minValue(0)), 2),
  }),

  // What it promises; the tests check what is claimed here and nothing else.
  traits: {
    resources: ['experts', 'rank'],
    answer: 'weights',
    monotone: 'increasing',
    equivariant: true,
  },

  // Only proportions matter: the allocator makes integers of them within the budget.
  allocate: ({ layers, options: { power } }) => ({
    weights: layers.map(({ score }) => score ** power),
  }),
});
