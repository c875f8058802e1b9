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
import { AlphaLoraError, type TailFit } from '@alphalora/contracts';

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

/** Kolmogorov-Smirnov distance of the cut; at least `bound` (not exact) once it exceeds `bound`. */
function ksDistance(
  fits: PowerLawFits,
  cut: number,
  bound: number = Number.POSITIVE_INFINITY,
  firstProbe = 0,
): { distance: number; position: number } {
  const { logs } = fits;
  const tail = logs.length - cut;
  const exponent = 1 - fits.alphas[cut]!;
  const start = logs[cut]!;
  const deviation = (j: number): number =>
    Math.abs(1 - Math.exp(exponent * (logs[cut + j]! - start)) - j / tail);
  // Neighbouring cuts tend to be worst at the same eigenvalue: trying it first rejects most at once.
  const probe = Math.min(Math.max(firstProbe - cut, 0), tail - 1);
  let distance = deviation(probe);
  let position = probe;
  for (let j = 0; j < tail && distance <= bound; j++) {
    const here = deviation(j);
    if (here > distance) {
      distance = here;
      position = j;
    }
  }
  return { distance, position: cut + position };
}

/** How many evenly spread cuts are measured first, to know early what a good distance is. */
const SCOUTS = 64;

/**
 * The first of the cuts `[from, to]` with the smallest KS distance, or undefined if none has a
 * finite exponent.
 */
export function bestCut(fits: PowerLawFits, from: number, to: number): number | undefined {
  const usable = (cut: number): boolean => Number.isFinite(fits.alphas[cut]);
  let bound = Number.POSITIVE_INFINITY;
  const step = Math.max(1, Math.floor((to - from + 1) / SCOUTS));
  for (let cut = from; cut <= to; cut += step) {
    if (usable(cut)) bound = Math.min(bound, ksDistance(fits, cut, bound).distance);
  }
  let best: number | undefined;
  let smallest = Number.POSITIVE_INFINITY;
  let worstAt = 0;
  for (let cut = from; cut <= to; cut++) {
    if (!usable(cut)) continue;
    const { distance, position } = ksDistance(fits, cut, bound, worstAt);
    worstAt = position;
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
  const tail = fits.eigenvalues.length - cut;
  return {
    alpha,
    xmin: fits.eigenvalues[cut]!,
    ks: ksDistance(fits, cut).distance,
    tail,
    stderr: (alpha - 1) / Math.sqrt(tail),
  };
}
