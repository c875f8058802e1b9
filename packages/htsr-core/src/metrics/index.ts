/**
 * Metrics of one spectrum by WeightWatcher's names. `alpha` and its companions come from the tail
 * fit; these need the eigenvalues, some of them the fit as well.
 */
import type { TailFit } from '@alphalora/contracts';

type Metric = (eigenvalues: Float64Array, fit: TailFit) => number;

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** sum lambda: the squared Frobenius norm. */
const norm: Metric = (eigenvalues) => sum(eigenvalues);
/** lambda_max: the squared spectral norm. */
const spectralNorm: Metric = (eigenvalues) => eigenvalues.at(-1)!;

export const metrics: ReadonlyMap<string, Metric> = new Map<string, Metric>([
  ['num_evals', (eigenvalues) => eigenvalues.length],
  ['norm', norm],
  ['log_norm', (eigenvalues, fit) => Math.log10(norm(eigenvalues, fit))],
  ['spectral_norm', spectralNorm],
  ['log_spectral_norm', (eigenvalues, fit) => Math.log10(spectralNorm(eigenvalues, fit))],
  ['stable_rank', (eigenvalues, fit) => norm(eigenvalues, fit) / spectralNorm(eigenvalues, fit)],
  // Zeros to working precision are gone by now: what is left is the rank.
  ['matrix_rank', (eigenvalues) => eigenvalues.length],
  ['entropy', entropy],
  ['alpha_weighted', (eigenvalues, fit) => fit.alpha * Math.log10(spectralNorm(eigenvalues, fit))],
  ['log_alpha_norm', logAlphaNorm],
]);

/** All metrics of a spectrum. @param eigenvalues positive, ascending */
export function computeMetrics(eigenvalues: Float64Array, fit: TailFit): Record<string, number> {
  return Object.fromEntries([...metrics].map(([name, metric]) => [name, metric(eigenvalues, fit)]));
}

/** -sum p ln p / ln(rank), p = lambda / sum lambda. */
function entropy(eigenvalues: Float64Array): number {
  const total = sum(eigenvalues);
  let plogp = 0;
  for (const value of eigenvalues) {
    const p = value / total;
    if (p > 0) plogp += p * Math.log(p);
  }
  return -plogp / Math.log(eigenvalues.length);
}

/** log10 sum lambda^alpha, relative to the largest so that a large alpha does not overflow. */
function logAlphaNorm(eigenvalues: Float64Array, { alpha }: TailFit): number {
  const largest = eigenvalues.at(-1)!;
  const scaled = eigenvalues.reduce((total, value) => total + (value / largest) ** alpha, 0);
  return Math.log10(scaled) + alpha * Math.log10(largest);
}
