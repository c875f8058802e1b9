/** The rounding rules by name: from weights to integers that sum to the total, within bounds. */
import type { Rounding } from '@alphalora/contracts';
import { requireFeasible, requireOrdered } from '../budget/feasible.js';
import type { Bounds } from './bounds.js';
import { floorOne } from './floor-one.js';
import { largestRemainder } from './largest-remainder.js';
import { official } from './official.js';

type RoundingRule = (weights: readonly number[], total: number, bounds: Bounds) => number[];

const rules: Record<Rounding, RoundingRule> = {
  'largest-remainder': largestRemainder,
  official,
  'floor-one': floorOne,
};

export const roundings: readonly Rounding[] = Object.keys(rules) as Rounding[];

/** Every block gets at least one expert, except under `official`, which has no bound of its own. */
export function defaultMinimum(rounding: Rounding): number {
  return rounding === 'official' ? Number.NEGATIVE_INFINITY : 1;
}

/**
 * @param weights non-negative and finite, not all zero
 * @param bounds of every layer; the most also of each
 * @returns integers that sum to `total`, each within the bounds
 * @throws AlphaLoraError `INFEASIBLE_BUDGET` when no integers within the bounds sum to the total
 */
export function roundShares(
  rounding: Rounding,
  weights: readonly number[],
  total: number,
  bounds: { min: number; max: number | readonly number[] },
): number[] {
  const { length: count } = weights;
  const { min, max } = bounds;
  const maxima = typeof max === 'number' ? weights.map(() => max) : max;
  for (const most of maxima) requireOrdered(min, most);
  requireFeasible({
    total,
    smallest: count * min,
    largest: maxima.reduce((sum, most) => sum + most, 0),
    among: `${count} layers`,
  });
  return rules[rounding](weights, total, { min, max: maxima });
}
