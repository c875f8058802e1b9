/**
 * Largest remainder (Hamilton's method): floors, then the leftovers to the largest fractions, ties
 * to the lower index. Within the bounds because the quotas are.
 */
import { type Bounds, boundedQuotas } from './quotas.js';

export function largestRemainder(
  weights: readonly number[],
  total: number,
  bounds: Bounds,
): number[] {
  const quotas = boundedQuotas(weights, total, bounds);
  const counts = quotas.map(Math.floor);
  const leftover = total - counts.reduce((sum, count) => sum + count, 0);
  const byFraction = [...quotas.keys()].sort(
    (a, b) => quotas[b]! - counts[b]! - (quotas[a]! - counts[a]!) || a - b,
  );
  for (const i of byFraction.slice(0, leftover)) counts[i]!++;
  return counts;
}
