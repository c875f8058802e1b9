/**
 * WeightWatcher's Marchenko-Pastur fit (`mp_fit` of version 0.7.5.5), by which its columns are defined:
 * the standard deviation whose density comes closest to a density estimate of the spectrum.
 *
 * Eigenvalues are scaled to the mean 1, zeros included. Their density is estimated by a triangular
 * kernel of bandwidth 0.1 at 1000 points from 0 to the largest + 0.5; points where it is below 0.01
 * do not count. With Q = N / M,
 *
 *     density   sqrt((b - x)(x - a)) Q / (2 pi s^2 x),   a, b = s^2 (1 -+ 1/sqrt(Q))^2
 *
 * and s minimizes the sum of squared differences: by trial of 195 values, from 0.05 to 2 times the one
 * that puts b at the largest eigenvalue, and by Nelder and Mead's simplex from the best of them. Square
 * matrices are fitted by their singular values and sqrt(4 - x^2) / (pi s^2), a quarter circle for s = 1
 * only. A heavy tail stretches the points until the kernel falls between them: what comes out is then
 * what it is.
 */

import type { MetricGroup } from '@alphalora/contracts/extensions';

const BANDWIDTH = 0.1;
const POINTS = 1000;
/** How far beyond the largest value the points go. */
const BEYOND = 0.5;
/** Densities of no account. */
const NEGLIGIBLE = 0.01;
/** Residual of a point where the density does not meet the estimate at all. */
const MISSED = 1000;

export interface DensityFit {
  /** Standard deviation of the elements, where the eigenvalues have the mean 1. */
  readonly sigma: number;
  /** What W was multiplied by for that. */
  readonly scale: number;
  /** Edges of the bulk, in the units of the eigenvalues. */
  readonly bulkMin: number;
  readonly bulkMax: number;
  /** Number of eigenvalues beyond the edge by more than the root of the Tracy-Widom scale. */
  readonly spikes: number;
  /** bulkMax / lambda_max. */
  readonly softRank: number;
}

/**
 * @param params.eigenvalues of W^T W, ascending, pooled over `matrices` matrices of the same sides;
 *   zeros may be missing, they count as the rest of smaller * matrices
 */
export function densityFit(params: {
  eigenvalues: Float64Array;
  smaller: number;
  larger: number;
  matrices?: number;
}): DensityFit {
  const { eigenvalues, smaller, larger, matrices = 1 } = params;
  const count = Math.max(eigenvalues.length, smaller * matrices);
  const total = eigenvalues.reduce((sum, value) => sum + value, 0);
  const scale = Math.sqrt(count / total);
  const unit = scale * scale;
  const scaled = new Float64Array(count);
  const zeros = count - eigenvalues.length;
  for (const [i, value] of eigenvalues.entries()) scaled[zeros + i] = value * unit;

  const sigma = fittedSigma(scaled, larger / smaller);
  const inverseRoot = Math.sqrt(smaller / larger);
  const upper = (sigma * (1 + inverseRoot)) ** 2;
  const tracyWidom = inverseRoot * (upper / smaller) ** (2 / 3);
  const edge = upper + Math.sqrt(tracyWidom);
  return {
    sigma,
    scale,
    bulkMin: (sigma * (1 - inverseRoot)) ** 2 / unit,
    bulkMax: upper / unit,
    spikes: scaled.filter((value) => value > edge).length,
    softRank: upper / scaled[count - 1]!,
  };
}

export const marchenkoPasturMetrics: MetricGroup = {
  metrics: ['sigma_mp', 'W_scale', 'bulk_min', 'bulk_max', 'num_spikes', 'mp_softrank'],
  compute(context) {
    const { sigma, scale, bulkMin, bulkMax, spikes, softRank } = densityFit(context);
    return {
      sigma_mp: sigma,
      W_scale: scale,
      bulk_min: bulkMin,
      bulk_max: bulkMax,
      num_spikes: spikes,
      mp_softrank: softRank,
    };
  },
};

/**
 * @param eigenvalues ascending, not negative, with the mean 1
 * @param ratio Q, the larger side over the smaller
 */
function fittedSigma(eigenvalues: Float64Array, ratio: number): number {
  const square = ratio === 1;
  const points = densityPoints(square ? eigenvalues.map(Math.sqrt) : eigenvalues);
  const cost = (sigma: number): number =>
    square ? quarterCircleCost(points, sigma) : marchenkoPasturCost(points, sigma, ratio);
  // The one that puts the upper edge at the largest eigenvalue.
  const unit = Math.sqrt(eigenvalues.at(-1)!) / (1 + 1 / Math.sqrt(ratio));
  const [start, stop, step] = [0.05 * unit, 2 * unit, 0.01 * unit];
  let best = start;
  let least = Number.POSITIVE_INFINITY;
  // As numpy.arange counts, whose last value rounding decides.
  const count = Math.ceil((stop - start) / step);
  const delta = start + step - start;
  for (let i = 0; i < count; i++) {
    const sigma = start + i * delta;
    const value = cost(sigma);
    if (value < least) [best, least] = [sigma, value];
  }
  return simplexMinimum(cost, best);
}

interface Points {
  readonly x: Float64Array;
  readonly density: Float64Array;
  /** Where the density is largest. */
  readonly peak: number;
}

/** Where the estimated density counts, and what it is there. */
function densityPoints(ascending: Float64Array): Points {
  const { length } = ascending;
  const end = ascending[length - 1]! + BEYOND;
  const x: number[] = [];
  const density: number[] = [];
  let first = 0;
  let [highest, peak] = [0, 0];
  for (let i = 0; i < POINTS; i++) {
    const at = (i * end) / (POINTS - 1);
    while (first < length && ascending[first]! <= at - BANDWIDTH) first++;
    let sum = 0;
    for (let j = first; j < length && ascending[j]! < at + BANDWIDTH; j++) {
      sum += 1 - Math.abs(at - ascending[j]!) / BANDWIDTH;
    }
    const value = sum / (length * BANDWIDTH);
    if (!(value > NEGLIGIBLE)) continue;
    x.push(at);
    density.push(value);
    if (value > highest) [highest, peak] = [value, at];
  }
  return { x: Float64Array.from(x), density: Float64Array.from(density), peak };
}

function marchenkoPasturCost({ x, density, peak }: Points, sigma: number, ratio: number): number {
  const inverseRoot = 1 / Math.sqrt(ratio);
  const upper = (sigma * (1 + inverseRoot)) ** 2;
  const lower = (sigma * (1 - inverseRoot)) ** 2;
  const { length } = x;
  if (upper < peak || upper > x[length - 1]! || lower > peak) return length * MISSED ** 2;
  return sumOfSquares(x, density, (at) =>
    at <= lower || at >= upper
      ? 0
      : (ratio / (2 * Math.PI * sigma * sigma * at)) * Math.sqrt((upper - at) * (at - lower)),
  );
}

function quarterCircleCost({ x, density }: Points, sigma: number): number {
  return sumOfSquares(x, density, (at) =>
    at >= 2 ? 0 : Math.sqrt(4 - at * at) / (Math.PI * sigma * sigma),
  );
}

function sumOfSquares(x: Float64Array, density: Float64Array, law: (at: number) => number): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (law(x[i]!) - density[i]!) ** 2;
  return sum;
}

/** Of the point, and of the values at its ends. */
const TOLERANCE = 1e-4;
const MOST_STEPS = 200;

/**
 * Nelder and Mead's simplex in one dimension (The Computer Journal 7, 1965), an interval, with the usual
 * coefficients: reflection 1, expansion 2, contraction and shrinking 1/2. It begins 5 % wide.
 */
function simplexMinimum(cost: (at: number) => number, start: number): number {
  let [best, worst] = [start, 1.05 * start];
  let [low, high] = [cost(best), cost(worst)];
  for (let step = 1; ; step++) {
    if (high < low) [best, worst, low, high] = [worst, best, high, low];
    const done = Math.abs(worst - best) <= TOLERANCE && Math.abs(high - low) <= TOLERANCE;
    if (done || step >= MOST_STEPS) return best;
    const moved = (by: number): [at: number, value: number] => {
      const at = best + by * (best - worst);
      return [at, cost(at)];
    };
    const reflected = moved(1);
    let next: [at: number, value: number];
    if (reflected[1] < low) {
      const expanded = moved(2);
      next = expanded[1] < reflected[1] ? expanded : reflected;
    } else {
      const outside = reflected[1] < high;
      const contracted = moved(outside ? 0.5 : -0.5);
      const better = outside ? contracted[1] <= reflected[1] : contracted[1] < high;
      // Shrinking halves the interval, which the inner contraction has just done.
      next = better ? contracted : moved(-0.5);
    }
    [worst, high] = next;
  }
}
