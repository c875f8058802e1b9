/**
 * The tail whose determinant is one: WeightWatcher's detX, the ERG condition of "SETOL" (Martin and
 * Hinrichs, arXiv 2507.17912).
 *
 * Eigenvalues are rescaled so that they sum to their count. Taken from the largest down, their
 * product first grows and then falls; the tail ends at the eigenvalue that brings it below 1. By the
 * inequality of arithmetic and geometric means the whole spectrum has a product of at most 1, so a
 * tail always exists. In a well-trained layer it is the power law's tail.
 */
import type { MetricGroup } from '@alphalora/contracts/extensions';
import { powerLawSpikes } from './spectrum.js';

/**
 * @param eigenvalues ascending, not negative, at least one of them positive
 * @returns the number of eigenvalues in the tail, and the index of its smallest
 */
export function detX(eigenvalues: Float64Array): { count: number; index: number } {
  const { length } = eigenvalues;
  const mean = eigenvalues.reduce((total, value) => total + value, 0) / length;
  // Logarithms: a product of thousands of eigenvalues leaves the range of doubles.
  let log = 0;
  for (let index = length - 1; index > 0; index--) {
    log += Math.log(eigenvalues[index]! / mean);
    if (log < 0) return { count: length - index, index };
  }
  return { count: length, index: 0 };
}

export const detXMetrics: MetricGroup = {
  metrics: ['detX_num', 'detX_val', 'detX_delta', 'ERG_gap'],
  fromFit: ['detX_delta', 'ERG_gap'],
  compute(context) {
    const { eigenvalues, fit, resolution, smaller, matrices } = context;
    const zeros = Math.max(0, smaller * matrices - eigenvalues.length);
    // A matrix of low rank has zeros; they count for the scale, and one of them ends the tail.
    const whole = new Float64Array(zeros + eigenvalues.length);
    whole.set(eigenvalues, zeros);
    const tail = detX(whole);
    const known = whole[tail.index]! >= (resolution?.from ?? 0);
    const [count, value] = known ? [tail.count, whole[tail.index]!] : [Number.NaN, Number.NaN];
    return {
      detX_num: count,
      detX_val: value,
      detX_delta: fit.xmin - value,
      ERG_gap: count - powerLawSpikes(context),
    };
  },
};
