/**
 * Largest remainder (Hamilton's method): floors, then the leftovers to the largest fractions, ties
 * to the lower index. It is the apportionment of units that all cost the same.
 */
import { apportion } from '../apportion/index.js';
import type { Bounds } from './bounds.js';

export function largestRemainder(
  weights: readonly number[],
  total: number,
  { min, max }: Bounds,
): number[] {
  const costs = weights.map(() => 1);
  return apportion({ weights, costs, budget: total, min: Math.max(0, min), max });
}
