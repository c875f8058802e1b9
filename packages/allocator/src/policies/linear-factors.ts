/** Policies that give factors linear in alpha, between a lowest and a highest one. */
import type { Resource } from '@alphalora/contracts';
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { linearMap } from './linear-map.js';
import { numberFrom } from './options.js';

export interface LinearFactors {
  readonly name: string;
  readonly summary: string;
  readonly resource: Resource;
  /** Factors of the smallest and of the largest alpha, where none are given. */
  readonly low: number;
  readonly high: number;
}

/** `f = (alpha - min) / (max - min) * (high - low) + low` */
export function linearFactors({
  name,
  summary,
  resource,
  ...usual
}: LinearFactors): AllocationPolicy<{ low: number; high: number }> {
  return {
    name,
    version: '1.0.0',
    apiVersion: 1,
    summary,
    options: v.pipe(
      v.strictObject({
        low: v.optional(numberFrom(0), usual.low),
        high: v.optional(numberFrom(0), usual.high),
      }),
      v.check(({ low, high }) => low <= high, 'low must not be above high'),
    ),
    traits: { resources: [resource], answer: 'values', monotone: 'increasing', equivariant: true },
    describe: ({ layer }) => `that grows with alpha: the less trained a ${layer} is, the larger`,
    allocate: ({ layers, options: { low, high } }) => ({
      values: linearMap(
        layers.map(({ score }) => score),
        low,
        high,
      ),
    }),
  };
}
