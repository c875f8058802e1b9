/**
 * TempBalance (Zhou et al., arXiv 2312.00359, section 3.2, and its ablation of assignment functions):
 * factors on the global learning rate, larger for layers with a larger alpha.
 *
 *   linear   (alpha - min) / (max - min) * (high - low) + low,  (low, high) = (0.5, 1.5)
 *   sqrt     sqrt(alpha) / mean of sqrt(alpha)
 *   log2     log2(alpha) / mean of log2(alpha),  alpha > 1
 *   step     low + (high - low) i / n,  for the i-th lowest of n alphas, from 0
 *   sigmoid  10^(strength * (1 / (1 + exp(-tau * (alpha - mean))) - 0.5)),  tau = 10
 *
 * The released code has `linear`, `sqrt`, `log2` and `step`, which reaches low but not high; here equal
 * alphas get the mean of their steps. The released settings vary `strength`; 1 bounds the factors by sqrt(10) either way.
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { linearMap } from './linear-map.js';
import { numberFrom } from './options.js';
import { requireScores } from './scores.js';

type Schedule = 'linear' | 'sqrt' | 'log2' | 'step' | 'sigmoid';
type TempBalanceOptions = {
  schedule: Schedule;
  low: number;
  high: number;
  tau: number;
  strength: number;
};

export const tempbalance: AllocationPolicy<TempBalanceOptions> = {
  name: 'tempbalance',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'learning-rate factors that grow with alpha (arXiv 2312.00359)',
  options: v.pipe(
    v.strictObject({
      schedule: v.optional(v.picklist(['linear', 'sqrt', 'log2', 'step', 'sigmoid']), 'linear'),
      low: v.optional(numberFrom(0), 0.5),
      high: v.optional(numberFrom(0), 1.5),
      tau: v.optional(numberFrom(0), 10),
      strength: v.optional(numberFrom(0), 1),
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
  allocate({ layers, options: { schedule, low, high, tau, strength } }) {
    const scores = layers.map(({ score }) => score);
    if (schedule === 'linear') return { values: linearMap(scores, low, high) };
    if (schedule === 'step') {
      return {
        values: middleRanks(scores).map((rank) => low + ((high - low) * rank) / scores.length),
      };
    }
    if (schedule === 'sigmoid') {
      const mean = meanOf(scores);
      const centred = scores.map((score) => 1 / (1 + Math.exp(-tau * (score - mean))) - 0.5);
      return { values: centred.map((height) => 10 ** (strength * height)) };
    }
    requireScores(`tempbalance (${schedule})`, layers, schedule === 'sqrt' ? 0 : 1);
    const heights = scores.map(schedule === 'sqrt' ? Math.sqrt : Math.log2);
    const mean = meanOf(heights);
    return { values: heights.map((height) => height / mean) };
  },
};

/** Positions in ascending order, from 0; equal values share the mean of theirs. */
function middleRanks(values: readonly number[]): number[] {
  const ascending = values.toSorted((a, b) => a - b);
  return values.map((value) => (ascending.indexOf(value) + ascending.lastIndexOf(value)) / 2);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
