/**
 * GoRA (arXiv 2502.12171): ranks from the importance of the layers, by the paper's own rounding.
 *
 *   r_i = clip(round(b * a_i / sqrt(m_i + n_i)), r_min, r_max),  b = sum sqrt(m + n) * r_ref
 *
 * a is the score, normalised to sum 1; r_ref is the average rank, the total over the number of
 * layers; m + n are the inputs and outputs; r_max is also at most the rank that a matrix can have. Rounding and the lower clip can exceed the total: then b
 * is lowered to the largest value that does not, found by halving.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { requireScores, requireTotal } from './scores.js';

export const gora: AllocationPolicy<Record<never, never>> = {
  name: 'gora',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'ranks from importance and shape (arXiv 2502.12171)',
  options: v.strictObject({}),
  requires: ['shapes'],
  traits: { resources: ['rank'], answer: 'values', monotone: 'increasing', equivariant: true },
  allocate({ layers, budget }) {
    requireScores('gora', layers, 0, true);
    const total = requireTotal('gora', budget);
    const { min, max } = budget;
    if (total < min * layers.length) {
      throw new AlphaLoraError(
        'INFEASIBLE_BUDGET',
        `a total rank of ${total} is too small for ${layers.length} layers with at least ${min}`,
        { details: { policy: 'gora', total, min } },
      );
    }
    const roots = layers.map(({ inputs, outputs }) => Math.sqrt(inputs + outputs));
    const sum = layers.reduce((accumulated, { score }) => accumulated + score, 0);
    const budgetOfRoots = (roots.reduce((a, b) => a + b, 0) * total) / layers.length;
    const ranksFor = (scale: number): number[] =>
      layers.map(({ score, max: own = max }, i) => {
        const importance = sum > 0 ? score / sum : 1 / layers.length;
        const rank = Math.round((scale * budgetOfRoots * importance) / roots[i]!);
        return Math.min(max, own, Math.max(min, rank));
      });
    const fits = (ranks: readonly number[]): boolean => ranks.reduce((a, b) => a + b, 0) <= total;

    const own = ranksFor(1);
    if (fits(own)) return { values: own };
    let low = 0;
    let high = 1;
    // Down to neighbouring doubles: 60 halvings.
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (fits(ranksFor(middle))) low = middle;
      else high = middle;
    }
    return { values: ranksFor(low) };
  },
};
