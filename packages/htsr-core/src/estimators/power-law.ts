/**
 * Maximum-likelihood power-law fits for every possible cut of a spectrum.
 *
 * For the cut at index i of the ascending eigenvalues, with n = N - i tail points
 * (Clauset, Shalizi, Newman 2009, eq. 3.1 and 3.9; WeightWatcher's conventions):
 *
 *   alpha_i = 1 + n / (sum_{j>=i} ln lambda_j - n ln lambda_i)
 *   D_i     = max_{j=0..n-1} | 1 - (lambda_{i+j}/lambda_i)^(1-alpha_i) - j/n |
 *   sigma_i = (alpha_i - 1) / sqrt(n)
 *
 * All alphas come from one pass over suffix sums. A distance costs O(n), but a search for the
 * smallest one may stop as soon as a cut is worse than the best seen, which leaves the exact
 * search close to linear in practice and needs O(N) memory.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailFit } from '@alphalora/contracts/extensions';

export interface PowerLawFits {
  readonly eigenvalues: Float64Array;
  readonly logs: Float64Array;
  /** Maximum-likelihood exponent for the cut at each index; Infinity where the tail is constant. */
  readonly alphas: Float64Array;
}

/** @param eigenvalues positive, ascending */
export function powerLawFits(eigenvalues: Float64Array): PowerLawFits {
  const count = eigenvalues.length;
  const logs = eigenvalues.map(Math.log);
  const alphas = new Float64Array(count);
  let sum = 0;
  for (let cut = count - 1; cut >= 0; cut--) {
    sum += logs[cut]!;
    const tail = count - cut;
    // Equal eigenvalues are compared exactly: their logarithms' rounding must not look like a tail.
    const constant = eigenvalues[cut] === eigenvalues[count - 1];
    alphas[cut] = constant ? Number.POSITIVE_INFINITY : 1 + tail / (sum - tail * logs[cut]!);
  }
  return { eigenvalues, logs, alphas };
}

/** Share of a tail's points that is looked at before the others. */
const COARSE = 1 / 32;

/**
 * Kolmogorov-Smirnov distance of the cut, and the index of the eigenvalue that it is found at. Once
 * a point exceeds `bound` the others are left out: the distance is then more than `bound`, not exact.
 * @param firstProbe index of the eigenvalue to begin with
 */
function ksDistance(
  fits: PowerLawFits,
  cut: number,
  bound: number = Number.POSITIVE_INFINITY,
  firstProbe: number = cut,
): { distance: number; position: number } {
  const { logs } = fits;
  const end = logs.length;
  const tail = end - cut;
  const exponent = 1 - fits.alphas[cut]!;
  const start = logs[cut]!;
  let distance = -1;
  let position = cut;
  const scan = (from: number, step: number): void => {
    for (let at = from; at < end && distance <= bound; at += step) {
      const here = Math.abs(1 - Math.exp(exponent * (logs[at]! - start)) - (at - cut) / tail);
      if (here > distance) {
        distance = here;
        position = at;
      }
    }
  };
  // Neighbouring cuts tend to be worst at the same eigenvalue: trying it first rejects most at once,
  // and a few points all over the tail most of the rest.
  scan(Math.max(firstProbe, cut), end);
  const coarse = Math.ceil(tail * COARSE);
  if (coarse > 1) scan(cut, coarse);
  scan(cut, 1);
  return { distance, position };
}

/** How many cuts, evenly spread, are measured at a time to know early what a good distance is. */
const SCOUTS = 64;

/**
 * The first of the cuts `[from, to]` with the smallest KS distance, or undefined if none has a
 * finite exponent.
 */
export function bestCut(fits: PowerLawFits, from: number, to: number): number | undefined {
  let best: number | undefined;
  let bound = Number.POSITIVE_INFINITY;
  let worstAt = 0;
  const measure = (cut: number): number => {
    if (!Number.isFinite(fits.alphas[cut])) return Number.POSITIVE_INFINITY;
    const { distance, position } = ksDistance(fits, cut, bound, worstAt);
    worstAt = position;
    return distance;
  };
  // Scouts over all cuts, then ever closer around the best of them.
  for (let [low, high] = [from, to]; high - low > SCOUTS; ) {
    const step = Math.floor((high - low + 1) / SCOUTS);
    for (let cut = low; cut <= high; cut += step) {
      const distance = measure(cut);
      if (distance < bound) [best, bound] = [cut, distance];
    }
    if (best === undefined) break;
    [low, high] = [Math.max(from, best - step), Math.min(to, best + step)];
  }
  // Now all of them in their order. Of equal distances the first counts.
  let smallest = Number.POSITIVE_INFINITY;
  best = undefined;
  for (let cut = from; cut <= to; cut++) {
    const distance = measure(cut);
    if (distance < smallest && distance <= bound) {
      smallest = distance;
      bound = distance;
      best = cut;
    }
  }
  return best;
}

/** The fit for one cut, as the estimators return it. */
export function fitAt(fits: PowerLawFits, cut: number): TailFit {
  const alpha = fits.alphas[cut]!;
  if (!Number.isFinite(alpha)) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      'the tail is constant: a power law needs at least two different eigenvalues',
    );
  }
  const { eigenvalues } = fits;
  const xmin = eigenvalues[cut]!;
  let first = cut;
  while (first > 0 && eigenvalues[first - 1] === xmin) first--;
  return {
    alpha,
    xmin,
    ks: ksDistance(fits, cut).distance,
    // All from xmin on, also those equal to it that the cut leaves out (WeightWatcher's num_pl_spikes).
    tail: eigenvalues.length - first,
    stderr: (alpha - 1) / Math.sqrt(eigenvalues.length - cut),
  };
}
