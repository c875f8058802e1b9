/**
 * The metrics by name: groups in a registry, metrics by WeightWatcher's names, computed only when
 * asked for. A further group is a file and a line here.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import {
  createReadyRegistry,
  type MetricContext,
  type MetricGroup,
  type ReadyRegistry,
} from '@alphalora/contracts/extensions';
import { marchenkoPasturMetrics } from './density-fit.js';
import { detXMetrics } from './det-x.js';
import { noiseMetrics } from './marchenko-pastur.js';
import { randomisedMetrics } from './randomised.js';
import { snrMetrics } from './snr.js';
import { spectrumMetrics } from './spectrum.js';

const groups = createReadyRegistry<MetricGroup>('metric', {
  spectrum: () => spectrumMetrics,
  'marchenko-pastur': () => marchenkoPasturMetrics,
  noise: () => noiseMetrics,
  detX: () => detXMetrics,
  snr: () => snrMetrics,
  randomised: () => randomisedMetrics,
});

/** Groups by name. A metric is in one group only: `add` refuses a second one of its name. */
export const metrics: ReadyRegistry<MetricGroup> = {
  ...groups,
  add(name, load) {
    const taken = new Set([...allMetrics(), 'all', 'none', ...metrics.names()]);
    const again = load().metrics.find((metric) => taken.has(metric));
    if (taken.has(name) || again !== undefined) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `there is a metric "${again ?? name}" already: give the new one another name`,
        { details: { metric: again ?? name } },
      );
    }
    groups.add(name, load);
  },
};

/** Every metric that needs no more than the spectrum and its fit. */
export function defaultMetrics(): readonly string[] {
  return allGroups().flatMap((group) => (group.needsRandomised ? [] : group.metrics));
}

/**
 * The metrics that are meant, in the order of the registry, each once.
 * @param names of metrics and groups, `all` or `none`, one or several; the default ones when absent
 * @throws AlphaLoraError `NOT_FOUND` when there is no metric or group of that name
 */
export function resolveMetrics(names?: string | readonly string[]): readonly string[] {
  if (names === undefined) return defaultMetrics();
  const wanted = new Set([names].flat().flatMap(meant));
  return allMetrics().filter((metric) => wanted.has(metric));
}

function meant(name: string): readonly string[] {
  if (name === 'all') return allMetrics();
  if (name === 'none') return [];
  if (metrics.has(name)) return metrics.get(name).metrics;
  if (allMetrics().includes(name)) return [name];
  throw new AlphaLoraError(
    'NOT_FOUND',
    `unknown metric ${JSON.stringify(name)}: choose all, none, a group ` +
      `(${metrics.names().join(', ')}) or a metric (${allMetrics().join(', ')})`,
    { details: { metric: name } },
  );
}

/** The metrics that are left where the fit says nothing. */
export function withoutFit(names: readonly string[]): readonly string[] {
  const fitted = new Set(allGroups().flatMap(({ fromFit = [] }) => fromFit));
  return names.filter((metric) => !fitted.has(metric));
}

/** Whether any of the metrics needs the randomised spectrum in its context. */
export function needsRandomised(names: readonly string[]): boolean {
  return groupsOf(names).some((group) => group.needsRandomised);
}

/**
 * The metrics by name. Those that are not finite for this spectrum are left out, and so are those
 * that need a randomised spectrum where the context has none.
 * @param names of metrics, as `resolveMetrics` returns them; the default ones when absent
 */
export function computeMetrics(
  context: MetricContext,
  names: readonly string[] = defaultMetrics(),
): Record<string, number> {
  const computable = groupsOf(names).filter(
    (group) => !group.needsRandomised || context.randomised !== undefined,
  );
  const computed = Object.assign({}, ...computable.map((group) => group.compute(context)));
  return Object.fromEntries(
    names
      .map((name): [string, number] => [name, computed[name]])
      .filter(([, value]) => Number.isFinite(value)),
  );
}

function groupsOf(names: readonly string[]): MetricGroup[] {
  return allGroups().filter((group) => group.metrics.some((metric) => names.includes(metric)));
}

function allMetrics(): readonly string[] {
  return allGroups().flatMap((group) => group.metrics);
}

function allGroups(): readonly MetricGroup[] {
  return groups.names().map((name) => groups.get(name));
}
