/**
 * The rounding of AlphaLoRA's released code, for reproducing its published vectors only: round half
 * to even; while the sum is short, add 1 at argmin(s - n); while it is over, take 1 at
 * argmax(s - n), s being the weights as they are, not scaled to the total. With beta >= 2.5 every
 * correction falls on the same block, and without bounds counts of 0 and -1 occur.
 */
import type { Bounds } from './bounds.js';

export function official(weights: readonly number[], total: number, bounds: Bounds): number[] {
  const sum = weights.reduce((accumulated, weight) => accumulated + weight, 0);
  const clamp = (count: number, i: number): number =>
    Math.min(bounds.max[i]!, Math.max(bounds.min, count));
  const counts = weights.map((weight, i) => clamp(roundHalfEven((total * weight) / sum), i));
  const gap = counts.map((count, i) => weights[i]! - count);
  const order = [...counts.keys()];
  let missing = total - counts.reduce((accumulated, count) => accumulated + count, 0);
  // A unit given makes the smallest gap smaller still, so the same layer gets them all, up to its
  // bound; a unit taken likewise.
  if (missing > 0) order.sort((a, b) => gap[a]! - gap[b]! || a - b);
  else order.sort((a, b) => gap[b]! - gap[a]! || a - b);
  for (const i of order) {
    const within = clamp(counts[i]! + missing, i);
    missing -= within - counts[i]!;
    counts[i] = within;
  }
  return counts;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
