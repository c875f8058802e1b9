/**
 * The means of a model's metrics over its measured matrices, as WeightWatcher's `get_summary()` gives
 * some of them.
 */
import { type AnalysedRow, type Analysis, hasAlpha } from '@alphalora/contracts';

interface MetricMean {
  mean: number;
  /** Matrices that have the metric. */
  matrices: number;
}

/** What WeightWatcher 0.7.5.5 averages, in its order; the last one with `mp_fit` only. */
const summaryMetrics: readonly string[] = [
  ...['log_norm', 'alpha', 'alpha_weighted', 'log_alpha_norm', 'log_spectral_norm'],
  ...['stable_rank', 'mp_softrank'],
];

/**
 * Alpha and every metric, each as the unweighted mean over all measured matrices that have it, in
 * blocks or not: a matrix whose fit says nothing (`weak`) has no alpha and no metric of the fit. A
 * block's alpha is another mean, by the analysis' `aggregate`.
 *
 *     metricMeans(analysis)['stable_rank'] // { mean: 24.1, matrices: 210 }
 *
 * @returns by name: those that WeightWatcher averages first, then the others in the document's order;
 *   empty where nothing was measured
 */
export function metricMeans({ matrices }: Pick<Analysis, 'matrices'>): Record<string, MetricMean> {
  const values = new Map<string, number[]>(summaryMetrics.map((name) => [name, []]));
  const add = (name: string, value: number): void => {
    const list = values.get(name);
    if (list) list.push(value);
    else values.set(name, [value]);
  };
  for (const row of matrices.filter((row): row is AnalysedRow => row.status === 'ok')) {
    if (hasAlpha(row)) add('alpha', row.alpha);
    for (const [name, value] of Object.entries(row.metrics)) add(name, value);
  }
  return Object.fromEntries(
    [...values].flatMap(
      ([name, own]): Array<[string, MetricMean]> =>
        own.length === 0 ? [] : [[name, { mean: meanOf(own), matrices: own.length }]],
    ),
  );
}

/** Divided first: sums of norms may overflow. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}
