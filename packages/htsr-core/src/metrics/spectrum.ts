/**
 * Norms, ranks and shape of one spectrum, by WeightWatcher's names. `alpha` and its companions come
 * from the tail fit; some of these need the fit as well.
 */
import type { MetricContext, MetricGroup } from '@alphalora/contracts/extensions';
import { isRankKnown } from '../resolution.js';

export const spectrumMetrics: MetricGroup = {
  metrics: [
    ...['num_evals', 'norm', 'log_norm', 'spectral_norm', 'log_spectral_norm', 'stable_rank'],
    ...['matrix_rank', 'entropy', 'alpha_weighted', 'log_alpha_norm', 'num_pl_spikes'],
    ...['lambda_max', 'sv_max', 'sv_min'],
  ],
  fromFit: ['alpha_weighted', 'log_alpha_norm', 'num_pl_spikes'],
  compute({ eigenvalues, fit, resolution, smaller, matrices }) {
    const { length } = eigenvalues;
    const known = !resolution || isRankKnown(eigenvalues, resolution);
    const rank = known ? length : Number.NaN;
    const norm = eigenvalues.reduce((total, value) => total + value, 0);
    const largest = eigenvalues[length - 1]!;
    return {
      num_evals: rank,
      // The squared Frobenius norm.
      norm,
      log_norm: Math.log10(norm),
      // The squared largest singular value, as WeightWatcher has it.
      spectral_norm: largest,
      log_spectral_norm: Math.log10(largest),
      stable_rank: norm / largest,
      // Zeros to working precision are gone by now: what is left is the rank.
      matrix_rank: rank,
      entropy: entropy(eigenvalues, norm, rank),
      alpha_weighted: fit.alpha * Math.log10(largest),
      log_alpha_norm: logAlphaNorm(eigenvalues, fit.alpha),
      num_pl_spikes: powerLawSpikes({ eigenvalues, fit }),
      lambda_max: largest,
      sv_max: Math.sqrt(largest),
      sv_min: known
        ? smallest(eigenvalues, resolution?.from ?? 0, rank < smaller * matrices)
        : Number.NaN,
    };
  },
};

/** Eigenvalues in the tail, those that the estimator set aside as fingers included. */
export function powerLawSpikes(context: Pick<MetricContext, 'eigenvalues' | 'fit'>): number {
  const { eigenvalues, fit } = context;
  return eigenvalues.length - eigenvalues.findIndex((value) => value >= fit.xmin);
}

/** The smallest singular value; not a number where it is not known. */
function smallest(eigenvalues: Float64Array, from: number, deficient: boolean): number {
  if (deficient) return 0;
  return eigenvalues[0]! >= from ? Math.sqrt(eigenvalues[0]!) : Number.NaN;
}

/** -sum p ln p / ln(rank), p = lambda / sum lambda. */
function entropy(eigenvalues: Float64Array, total: number, rank: number): number {
  let plogp = 0;
  for (const value of eigenvalues) {
    const p = value / total;
    if (p > 0) plogp += p * Math.log(p);
  }
  return -plogp / Math.log(rank);
}

/** log10 sum lambda^alpha, relative to the largest so that a large alpha does not overflow. */
function logAlphaNorm(eigenvalues: Float64Array, alpha: number): number {
  const largest = eigenvalues.at(-1)!;
  const scaled = eigenvalues.reduce((total, value) => total + (value / largest) ** alpha, 0);
  return Math.log10(scaled) + alpha * Math.log10(largest);
}
