/**
 * AlphaQ (Yang et al., arXiv 2606.04980): bits of every layer, from 2, 3, 4 and 8, that minimise the
 * expected error of quantisation under a budget of bits. A smaller alpha, a better trained layer,
 * gets more.
 *
 *   minimise sum c_i 4^(-b_i),  c_i = parameters_i * (median(alpha) / alpha_i)^gamma * Var(W_i)
 *   subject to sum b_i <= T,  b_i in {2, 3, 4, 8}
 *
 * Where the budget is an average over all weights, the bits of a layer count by its size, and the
 * optimum is found by the table of `weighted-bits.ts`; otherwise by `sorted-bits.ts`, exactly in
 * n log n for n layers, whatever the budget.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { numberFrom } from './options.js';
import { requireScores, requireTotal } from './scores.js';
import { bestRuns } from './sorted-bits.js';
import { weightedBits } from './weighted-bits.js';

const levels = [2, 3, 4, 8];

export const alphaq: AllocationPolicy<{ gamma: number }> = {
  name: 'alphaq',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'bits that minimise the weighted error of quantisation, exactly (arXiv 2606.04980)',
  options: v.strictObject({
    /** How strongly alpha counts; 0 leaves the variances alone to decide. */
    gamma: v.optional(numberFrom(0), 1),
  }),
  requires: ['shapes', 'variance'],
  traits: { resources: ['bits'], answer: 'values', monotone: 'decreasing', equivariant: true },
  describe: ({ layer }) =>
    `so that the expected error is smallest: the better trained a ${layer} is, and the larger, the ` +
    'more it gets',
  allocate({ layers, options: { gamma }, budget }) {
    requireScores('alphaq', layers, 0);
    const total = requireTotal('alphaq', budget);
    // Where all layers weigh the same, whatever is beyond an integer cannot be spent.
    const prices = layers.map(({ price }) => price);
    const alike = prices.every((price) => price === prices[0]);
    const allowed = levels.filter((bits) => bits >= budget.min && bits <= budget.max);
    const lowest = allowed[0];
    if (lowest === undefined || total < lowest * layers.length) {
      throw new AlphaLoraError(
        'INFEASIBLE_BUDGET',
        `a total of ${total} bits is too small for ${layers.length} layers, which take ` +
          `${lowest ?? 'none of 2, 3, 4 and 8'} bits at least: raise the total or lower min`,
        { details: { policy: 'alphaq', total, layers: layers.length } },
      );
    }
    const middle = median(layers.map(({ score }) => score));
    const factors = layers.map(
      ({ score, parameters, variance }) => parameters * (middle / score) ** gamma * variance!,
    );
    if (alike) return { values: optimalBits(factors, Math.floor(total), allowed) };
    const sizes = layers.map(({ parameters }) => parameters);
    const capacity = (total * sizes.reduce((sum, size) => sum + size, 0)) / layers.length;
    return { values: weightedBits({ factors, sizes, capacity, levels: allowed }) };
  },
};

/** @param allowed consecutive members of `levels`; `total` is enough for the lowest everywhere */
function optimalBits(factors: readonly number[], total: number, allowed: number[]): number[] {
  const order = [...factors.keys()].sort((a, b) => factors[b]! - factors[a]! || a - b);
  const descending = order.map((i) => factors[i]!);
  const runs = bestRuns(descending, total, allowed);
  const values = new Array<number>(order.length);
  for (const [at, i] of order.entries()) values[i] = runs.find(({ end }) => at < end)!.bits;
  return values;
}

function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1
    ? ascending[half]!
    : (ascending[half - 1]! + ascending[half]!) / 2;
}
