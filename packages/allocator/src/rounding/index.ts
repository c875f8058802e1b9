/** The rounding rules by name: from weights to integers that sum to the total, within bounds. */
import { AlphaLoraError, type Rounding } from '@alphalora/contracts';
import { floorOne } from './floor-one.js';
import { largestRemainder } from './largest-remainder.js';
import { official } from './official.js';
import type { Bounds } from './quotas.js';

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
 * @returns integers that sum to `total`, each within the bounds
 * @throws AlphaLoraError `INFEASIBLE_BUDGET` when no integers within the bounds sum to the total
 */
export function roundShares(
  rounding: Rounding,
  weights: readonly number[],
  total: number,
  bounds: Bounds,
): number[] {
  const count = weights.length;
  const { min, max } = bounds;
  const details = { total, blocks: count, min, max };
  if (min > max) {
    throw new AlphaLoraError('INFEASIBLE_BUDGET', `min ${min} is above max ${max}`, { details });
  }
  if (total < count * min) {
    throw new AlphaLoraError(
      'INFEASIBLE_BUDGET',
      `a total of ${total} is too small for ${count} blocks with at least ${min} each: ` +
        `raise the total to ${count * min} or lower min`,
      { details },
    );
  }
  if (total > count * max) {
    throw new AlphaLoraError(
      'INFEASIBLE_BUDGET',
      `a total of ${total} is too large for ${count} blocks with at most ${max} each: ` +
        `lower the total to ${count * max} or raise max`,
      { details },
    );
  }
  return rules[rounding](weights, total, bounds);
}
