/**
 * The seeded baseline: a policy worth its name has to beat it. Weights are independent draws from
 * the exponential distribution, w_l = -ln(1 - u_l), so that the vector of shares is uniform over all
 * vectors of shares (the flat Dirichlet distribution; Devroye, Non-Uniform Random Variate
 * Generation, 1986, chapter V, theorem 2.1).
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';

export const random: AllocationPolicy<Record<never, never>> = {
  name: 'random',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'shares drawn uniformly over all vectors of shares',
  options: v.strictObject({}),
  traits: { resources: ['experts', 'rank', 'selection'], answer: 'weights', seeded: true },
  describe: () => 'at random, whatever their alpha',
  allocate: ({ layers, random: uniformDraw }) => ({
    weights: layers.map(() => -Math.log(1 - uniformDraw())),
  }),
};
