/**
 * LayerIF's rule (arXiv 2505.23811): everyone gets the minimum, what is left goes in proportion, by
 * largest remainder: f_l = s_l / sum s * (T - m * min), n_l = floor(f_l) + min.
 */

import type { Bounds } from './bounds.js';
import { largestRemainder } from './largest-remainder.js';

export function floorOne(
  weights: readonly number[],
  total: number,
  { min, max }: Bounds,
): number[] {
  const rest = { min: 0, max: max.map((most) => most - min) };
  return largestRemainder(weights, total - min * weights.length, rest).map((count) => count + min);
}
