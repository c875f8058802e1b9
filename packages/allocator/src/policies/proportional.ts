/** In proportion to any score of the layers, as it is. */
import type { AllocationPolicy, PolicyAnswer, PolicyLayer } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { requireScores } from './scores.js';

/** @throws AlphaLoraError `INVALID_OPTION` in the name of the policy for a score below zero */
export function inProportion(policy: string, layers: readonly PolicyLayer[]): PolicyAnswer {
  requireScores(policy, layers, 0, true);
  return { weights: layers.map(({ score }) => score) };
}

export const proportional: AllocationPolicy<Record<never, never>> = {
  name: 'proportional',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'in proportion to any score',
  options: v.strictObject({}),
  traits: {
    resources: ['experts', 'rank', 'selection'],
    answer: 'weights',
    monotone: 'increasing',
    equivariant: true,
  },
  describe: () => 'in proportion to the score',
  allocate: ({ layers }) => inProportion('proportional', layers),
};
