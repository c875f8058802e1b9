/**
 * The registry of metrics: groups by name, metrics by WeightWatcher's names, computed only when
 * asked for.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { detXMetrics } from './det-x.js';
import type { MetricContext, MetricGroup } from './group.js';
import { marchenkoPasturMetrics } from './marchenko-pastur.js';
import { randomisedMetrics } from './randomised.js';
import { spectrumMetrics } from './spectrum.js';

export const metricGroups: ReadonlyMap<string, MetricGroup> = new Map<string, MetricGroup>([
  ['spectrum', spectrumMetrics],
  ['marchenko-pastur', marchenkoPasturMetrics],
  ['detX', detXMetrics],
  ['randomised', randomisedMetrics],
]);

/** Every metric that needs no more than the spectrum and its fit. */
export const defaultMetrics: readonly string[] = [...metricGroups.values()].flatMap((group) =>
  group.needsRandomised ? [] : group.metrics,
);

const allMetrics: readonly string[] = [...metricGroups.values()].flatMap((group) => group.metrics);

/**
 * The metrics that are meant, in the order of the registry, each once.
 * @param names of metrics and groups, `all` or `none`; the default ones when absent
 * @throws AlphaLoraError `INVALID_OPTION` when there is no metric or group of that name
 */
export function resolveMetrics(names?: readonly string[]): readonly string[] {
  if (names === undefined) return defaultMetrics;
  const wanted = new Set(names.flatMap(meant));
  return allMetrics.filter((metric) => wanted.has(metric));
}

function meant(name: string): readonly string[] {
  if (name === 'all') return allMetrics;
  if (name === 'none') return [];
  const group = metricGroups.get(name);
  if (group) return group.metrics;
  if (allMetrics.includes(name)) return [name];
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown metric "${name}": choose all, none, a group (${[...metricGroups.keys()].join(', ')}) or ` +
      `a metric (${allMetrics.join(', ')})`,
    { details: { metric: name } },
  );
}

/** The metrics that are left where the fit says nothing. */
export function withoutFit(metrics: readonly string[]): readonly string[] {
  const fitted = new Set([...metricGroups.values()].flatMap(({ fromFit = [] }) => fromFit));
  return metrics.filter((metric) => !fitted.has(metric));
}

/** Whether any of the metrics needs the randomised spectrum in its context. */
export function needsRandomised(metrics: readonly string[]): boolean {
  return groupsOf(metrics).some((group) => group.needsRandomised);
}

/**
 * The metrics by name. Those that are not finite for this spectrum are left out, and so are those
 * that need a randomised spectrum where the context has none.
 * @param metrics names of metrics, as `resolveMetrics` returns them
 */
export function computeMetrics(
  context: MetricContext,
  metrics: readonly string[] = defaultMetrics,
): Record<string, number> {
  const groups = groupsOf(metrics).filter(
    (group) => !group.needsRandomised || context.randomised !== undefined,
  );
  const computed = Object.assign({}, ...groups.map((group) => group.compute(context)));
  return Object.fromEntries(
    metrics
      .map((name): [string, number] => [name, computed[name]])
      .filter(([, value]) => Number.isFinite(value)),
  );
}

function groupsOf(metrics: readonly string[]): MetricGroup[] {
  return [...metricGroups.values()].filter((group) =>
    group.metrics.some((metric) => metrics.includes(metric)),
  );
}
