/** Every layer alike, T / m each, whatever its score: the baseline of all published comparisons. */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';

export const uniform: AllocationPolicy<Record<never, never>> = {
  name: 'uniform',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'every layer alike',
  options: v.strictObject({}),
  traits: { resources: ['experts', 'rank'], answer: 'weights', equivariant: true },
  describe: () => 'evenly, whatever their alpha',
  allocate: ({ layers }) => ({ weights: layers.map(() => 1) }),
};
