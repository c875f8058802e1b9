/** The conformance kit of metric groups, on spectra that are known by construction. */
import type { MetricContext, MetricGroup } from '@alphalora/contracts/extensions';
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type TestFunctions,
} from '@alphalora/contracts/testing';

import { metricContexts } from './contexts.js';

interface Subject {
  readonly name: string;
  readonly group: MetricGroup;
}

type Examine = Examination<Subject>;

const shape: Examine = ({ group }) => {
  const { metrics, fromFit = [], needsRandomised, compute } = group;
  if (!Array.isArray(metrics) || metrics.length === 0)
    return { failed: 'metrics is no list of names' };
  const odd = metrics.find((metric) => typeof metric !== 'string' || !/^\w+$/.test(metric));
  if (odd !== undefined) {
    return { failed: `${JSON.stringify(odd)} is no name: take letters, digits and underscores` };
  }
  if (new Set(metrics).size < metrics.length)
    return { failed: `a name twice: ${metrics.join(', ')}` };
  const strange = fromFit.find((metric) => !metrics.includes(metric));
  if (strange !== undefined)
    return { failed: `fromFit has "${strange}", which is none of metrics` };
  if (!['undefined', 'boolean'].includes(typeof needsRandomised)) {
    return { failed: 'needsRandomised must be true or false' };
  }
  return typeof compute === 'function' ? undefined : { failed: 'compute must be a function' };
};

/** The contexts that the group is asked about: `computeMetrics` leaves out the others. */
function contextsOf({ group }: Subject): Array<{ name: string; context: MetricContext }> {
  return metricContexts().map(({ name, context, randomised }) => ({
    name,
    context: group.needsRandomised ? { ...context, randomised } : context,
  }));
}

const noError: Examine = (subject) =>
  forEachOf(contextsOf(subject), ({ name, context }) => {
    const values = subject.group.compute(context);
    return typeof values === 'object' && values !== null
      ? undefined
      : { failed: `${name}: it answered ${JSON.stringify(values)}` };
  });

const names: Examine = (subject) =>
  forEachOf(contextsOf(subject), ({ name, context }) => {
    const { metrics, compute } = subject.group;
    const found = Object.keys(compute(context));
    const more = found.filter((metric) => !metrics.includes(metric));
    const less = metrics.filter((metric) => !found.includes(metric));
    if (more.length > 0) return { failed: `${name}: it computes ${more}, which metrics lacks` };
    return less.length > 0 ? { failed: `${name}: it does not compute ${less}` } : undefined;
  });

const numbers: Examine = (subject) =>
  forEachOf(contextsOf(subject), ({ name, context }) => {
    const values = Object.entries(subject.group.compute(context));
    const odd = values.find(([, value]) => typeof value !== 'number');
    return odd && { failed: `${name}: ${odd[0]} is ${JSON.stringify(odd[1])}, no number` };
  });

/** NaN stands for what does not exist for a spectrum; here every metric exists. */
const finite: Examine = (subject) => {
  const { name, context } = contextsOf(subject)[0]!;
  const values = Object.entries(subject.group.compute(context));
  const odd = values.find(([, value]) => !Number.isFinite(value));
  return odd && { failed: `${name}: ${odd[0]} is ${odd[1]}` };
};

const inputUnchanged: Examine = (subject) =>
  forEachOf(contextsOf(subject), ({ name, context }) => {
    const before = textOf(context);
    for (const part of [context, context.fit, context.resolution, context.randomised]) {
      if (part) Object.freeze(part);
    }
    subject.group.compute(context);
    return textOf(context) === before
      ? undefined
      : { failed: `${name}: the context is not what it was` };
  });

/** Of numbers that JSON has no words for, too. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'number' ? `${part}` : part));
}

const determinism: Examine = (subject) =>
  forEachOf(contextsOf(subject), ({ name, context }) => {
    const [first, second] = [subject.group.compute(context), subject.group.compute(context)];
    const changed = differing(first, second);
    return changed.length > 0 ? { failed: `${name}: ${changed} of two calls differ` } : undefined;
  });

function differing(a: Record<string, number>, b: Record<string, number>): string[] {
  return Object.keys(a).filter((metric) => !Object.is(a[metric], b[metric]));
}

/** What follows from the fit changes with it, what does not stays: `fromFit` says which is which. */
const fromFit: Examine = (subject) => {
  const { metrics, fromFit: claimed = [], compute } = subject.group;
  const changed = new Set<string>();
  for (const { context } of contextsOf(subject)) {
    const { eigenvalues, fit } = context;
    const others = [
      { ...fit, alpha: fit.alpha + 1, stderr: fit.stderr * 2, ks: fit.ks / 2 },
      { ...fit, xmin: eigenvalues[0]!, tail: eigenvalues.length },
      { ...fit, fingers: (fit.fingers ?? 0) + 1, lambda: (fit.lambda ?? 0) + 1 },
    ];
    for (const other of others) {
      const before = compute(context);
      for (const metric of differing(before, compute({ ...context, fit: other })))
        changed.add(metric);
    }
  }
  const hidden = metrics.filter((metric) => changed.has(metric) && !claimed.includes(metric));
  if (hidden.length > 0) {
    return {
      failed: `another fit changes ${hidden.join(', ')}: add to fromFit what follows from it`,
    };
  }
  const idle = claimed.filter((metric) => !changed.has(metric));
  return idle.length > 0
    ? { failed: `another fit does not change ${idle.join(', ')}, which fromFit has` }
    : undefined;
};

/** The shuffled spectrum costs as much as the first one: it is asked for where it is used. */
const needsRandomised: Examine = ({ group }) => {
  const { compute } = group;
  const changed = metricContexts().some(({ context, randomised }) => {
    const other = { eigenvalues: randomised.eigenvalues.map((value) => value / 2) };
    const before = compute({ ...context, ...(group.needsRandomised && { randomised }) });
    return differing(before, compute({ ...context, randomised: other })).length > 0;
  });
  if (changed && !group.needsRandomised) {
    return { failed: 'a randomised spectrum changes it: claim needsRandomised' };
  }
  return !changed && group.needsRandomised
    ? { failed: 'another randomised spectrum changes nothing: do not claim needsRandomised' }
    : undefined;
};

const kit = createKit<Subject>({
  steps: [
    ['shape', shape],
    ['no error', noError],
    ['names', names],
    ['numbers', numbers],
    ['input unchanged', inputUnchanged],
    ['determinism', determinism],
  ],
  independent: [
    ['finite', finite],
    ['fromFit', fromFit],
    ['needsRandomised', needsRandomised],
  ],
});

/**
 * @param name what messages call the group
 * @returns a result for each check; it never throws for a fault of the group
 */
export function checkMetrics(name: string, group: MetricGroup): Promise<Check[]> {
  return kit.check({ name, group });
}

/** {@link checkMetrics} as tests of the caller's framework, one for each check. */
export function describeMetrics(name: string, group: MetricGroup, tests: TestFunctions): void {
  kit.describe(`metrics ${name}`, { name, group }, tests);
}
