/**
 * Signal to noise of a spectrum, by which Spectrum (Hartford et al., arXiv 2406.06623) chooses the
 * matrices to train; the formula is that of its released code.
 *
 * For the singular values s of an m x n matrix, n <= m, zeros included:
 *
 *     sigma = (third quartile - first quartile of s) / 1.349      (that of a normal distribution)
 *     t     = sigma (1 + sqrt(n / m))                             (edge of Marchenko and Pastur)
 *     snr   = (sum of s > t) / (sum of s <= t) / s_max
 */
import type { MetricGroup } from '@alphalora/contracts/extensions';
import { quantile } from '../statistics.js';

/** Quartiles of a normal distribution lie this many standard deviations apart. */
const QUARTILES_APART = 1.349;

/**
 * @param singularValues of all of the matrix, ascending; quartiles as numpy has them
 * @param ratio smaller side over larger
 * @returns Infinity where none is noise
 */
export function signalToNoise(singularValues: Float64Array, ratio: number): number {
  const spread = quantile(singularValues, 0.75) - quantile(singularValues, 0.25);
  const threshold = (spread / QUARTILES_APART) * (1 + Math.sqrt(ratio));
  let [signal, noise] = [0, 0];
  for (const value of singularValues) {
    if (value > threshold) signal += value;
    else noise += value;
  }
  return signal / noise / singularValues.at(-1)!;
}

export const snrMetrics: MetricGroup = {
  metrics: ['snr'],
  compute({ eigenvalues, resolution, smaller, larger, matrices }) {
    const zeros = Math.max(0, smaller * matrices - eigenvalues.length);
    const singular = new Float64Array(zeros + eigenvalues.length);
    for (const [i, value] of eigenvalues.entries()) singular[zeros + i] = Math.sqrt(value);
    // The lower quartile has to be known.
    const known = quantile(singular, 0.25) ** 2 >= (resolution?.from ?? 0);
    return { snr: known ? signalToNoise(singular, smaller / larger) : Number.NaN };
  },
};
