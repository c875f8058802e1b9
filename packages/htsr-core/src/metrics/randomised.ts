/**
 * A spectrum beside that of the same matrix with its elements shuffled, by WeightWatcher's names:
 * how far training has taken it from what its elements alone give, and the correlation traps, spikes
 * that shuffling does not remove.
 */
import type { MetricGroup } from '@alphalora/contracts/extensions';
import { densityFit } from './density-fit.js';
import { marchenkoPastur } from './marchenko-pastur.js';

export const randomisedMetrics: MetricGroup = {
  metrics: [
    ...['rand_distance', 'ww_maxdist', 'ww_softrank', 'max_rand_eval', 'rand_num_spikes'],
    ...['rand_sigma_mp', 'rand_mp_softrank', 'rand_bulk_min', 'rand_bulk_max', 'rand_W_scale'],
    ...['rand_noise_max', 'rand_above_noise'],
  ],
  needsRandomised: true,
  compute({ eigenvalues, randomised, smaller, larger, matrices }) {
    const shuffled = randomised!.eigenvalues;
    const largest = eigenvalues.at(-1)!;
    const largestShuffled = shuffled.at(-1)!;
    const given = { eigenvalues: shuffled, smaller, larger, matrices };
    const fit = densityFit(given);
    const noise = marchenkoPastur(given);
    return {
      rand_distance: jensenShannonDistance(eigenvalues, shuffled),
      ww_maxdist: largest - largestShuffled,
      ww_softrank: largestShuffled / largest,
      max_rand_eval: largestShuffled,
      rand_num_spikes: fit.spikes,
      rand_sigma_mp: fit.sigma,
      rand_mp_softrank: fit.softRank,
      rand_bulk_min: fit.bulkMin,
      rand_bulk_max: fit.bulkMax,
      rand_W_scale: fit.scale,
      rand_noise_max: noise.bulkMax,
      rand_above_noise: noise.spikes,
    };
  },
};

/**
 * Jensen-Shannon distance of two spectra, natural logarithm: sqrt((KL(p, m) + KL(q, m)) / 2) with
 * m = (p + q) / 2.
 *
 * WeightWatcher takes no histograms: p and q are the sorted eigenvalues themselves, divided by their
 * sum. So does this; a shorter spectrum lacks zeros.
 * @param first ascending, not negative
 * @param second ascending, not negative
 */
export function jensenShannonDistance(first: Float64Array, second: Float64Array): number {
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  const [firstTotal, secondTotal] = [total(first), total(second)];
  let divergence = 0;
  for (let i = 1; i <= Math.max(first.length, second.length); i++) {
    const p = (first[first.length - i] ?? 0) / firstTotal;
    const q = (second[second.length - i] ?? 0) / secondTotal;
    const middle = (p + q) / 2;
    if (p > 0) divergence += p * Math.log(p / middle);
    if (q > 0) divergence += q * Math.log(q / middle);
  }
  return Math.sqrt(Math.max(0, divergence) / 2);
}
