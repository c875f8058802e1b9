/**
 * The Marchenko-Pastur bulk of a spectrum: what a random matrix of the same shape would have, and
 * what stands out of it.
 *
 * Elements that are independent with standard deviation s give W^T W, for sides M <= N, eigenvalues
 * with mean N s^2 between the edges s^2 (sqrt(N) -+ sqrt(M))^2 (Marchenko and Pastur, 1967). In units
 * where s = 1 and lambda is divided by N, with Q = N / M,
 *
 *     edges          (1 -+ 1/sqrt(Q))^2
 *     TW             1/sqrt(Q) bulk_max^(2/3) M^(-2/3)        (scale of the Tracy-Widom fluctuation)
 *     spikes         above bulk_max + sqrt(TW)                (WeightWatcher's rule)
 *
 * TW does not grow with the eigenvalues as it should when W is multiplied by a constant, so the
 * rule holds in these units only; it is applied there and scaled back, and nothing depends on the
 * scale of W. WeightWatcher's units are those where all eigenvalues together have the mean 1.
 *
 * WeightWatcher's own fit, under its names, is in `density-fit.ts`. Here
 * s comes from the mean of the bulk, without a density estimate and its bandwidth: start with all
 * eigenvalues, set aside those that the edge of their mean calls spikes, repeat. The largest go, so
 * the mean falls and with it the edge: what was set aside stays so, and the sequence ends after at
 * most N steps. The edge lies above the mean, so the bulk is never empty; of a matrix of low rank it
 * may be the zeros alone, with s = 0. Each step is a look-up in prefix sums.
 */
import type { MetricGroup } from '@alphalora/contracts/extensions';

export interface MarchenkoPasturFit {
  /** Standard deviation of the elements of the random part. */
  readonly sigma: number;
  /** Edges of the bulk, in the units of the eigenvalues. */
  readonly bulkMin: number;
  readonly bulkMax: number;
  /** What counts as a spike lies above this. */
  readonly spikeEdge: number;
  /** Number of spikes. */
  readonly spikes: number;
  /** bulkMax / lambda_max: 1 for a random matrix, towards 0 for strong spikes. */
  readonly softRank: number;
}

/**
 * @param params.eigenvalues of W^T W, not divided by N: positive, ascending, pooled over `matrices`
 * matrices of the same sides; zeros may be missing, they count as the rest of smaller * matrices
 */
export function marchenkoPastur(params: {
  eigenvalues: Float64Array;
  smaller: number;
  larger: number;
  matrices?: number;
}): MarchenkoPasturFit {
  const { eigenvalues, smaller, larger, matrices = 1 } = params;
  const { length } = eigenvalues;
  const { lower, upper, spike } = unitEdges(smaller, larger);
  const sums = new Float64Array(length + 1);
  for (const [i, value] of eigenvalues.entries()) sums[i + 1] = sums[i]! + value;
  const { spikes, mean } = settledBulk({
    spike,
    count: Math.max(length, smaller * matrices),
    largest: (rank) => eigenvalues[length - 1 - rank] ?? 0,
    sumWithout: (largest) => sums[length - largest]!,
  });
  return {
    sigma: Math.sqrt(mean / larger),
    bulkMin: mean * lower,
    bulkMax: mean * upper,
    spikeEdge: mean * spike,
    spikes,
    softRank: (mean * upper) / eigenvalues.at(-1)!,
  };
}

/**
 * Number of spikes where only the sum of all eigenvalues and the largest of them are known: all that
 * the fit looks at.
 * @param params.largest ascending, as many as may be spikes
 * @param params.count number of all eigenvalues, zeros included
 */
export function spikesAmong(params: {
  largest: Float64Array;
  total: number;
  count: number;
  smaller: number;
  larger: number;
}): number {
  const { largest, total, count, smaller, larger } = params;
  const { spike } = unitEdges(smaller, larger);
  return settledBulk({
    spike,
    count,
    largest: (rank) => largest[largest.length - 1 - rank] ?? 0,
    sumWithout: (rank) =>
      largest.subarray(largest.length - rank).reduce((rest, value) => rest - value, total),
  }).spikes;
}

/** Sets the largest aside until none of the rest lies above `spike` times their mean. */
function settledBulk(params: {
  spike: number;
  count: number;
  /** The eigenvalue with so many larger ones; 0 where it is no spike for sure. */
  largest: (rank: number) => number;
  /** Sum of all eigenvalues without so many largest ones. */
  sumWithout: (largest: number) => number;
}): { spikes: number; mean: number } {
  const { spike, count, largest, sumWithout } = params;
  let spikes = 0;
  for (;;) {
    const mean = sumWithout(spikes) / (count - spikes);
    const before = spikes;
    while (largest(spikes) > mean * spike) spikes++;
    if (spikes === before) return { spikes, mean };
  }
}

/** Edges of the bulk, and of what counts as a spike, over the mean of the bulk. */
function unitEdges(
  smaller: number,
  larger: number,
): { lower: number; upper: number; spike: number } {
  const inverseRoot = Math.sqrt(smaller / larger);
  const upper = (1 + inverseRoot) ** 2;
  const tracyWidom = inverseRoot * (upper / smaller) ** (2 / 3);
  return { lower: (1 - inverseRoot) ** 2, upper, spike: upper + Math.sqrt(tracyWidom) };
}

export const noiseMetrics: MetricGroup = {
  metrics: ['noise_sigma', 'noise_min', 'noise_max', 'above_noise', 'noise_softrank'],
  compute(context) {
    const { sigma, bulkMin, bulkMax, spikes, softRank } = marchenkoPastur(context);
    return {
      noise_sigma: sigma,
      noise_min: bulkMin,
      noise_max: bulkMax,
      above_noise: spikes,
      noise_softrank: softRank,
    };
  },
};
