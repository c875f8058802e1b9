import type { MetricContext, MetricGroup } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';

import { metrics } from '../metrics/index.js';
import { checkMetrics, describeMetrics } from './check-metrics.js';

describe.each(metrics.names())('built-in metrics %s', (name) => {
  describeMetrics(name, metrics.get(name), { describe, it });
});

/** Two metrics, one of which follows from the fit. */
const sound: MetricGroup = {
  metrics: ['largest', 'above'],
  fromFit: ['above'],
  compute: ({ eigenvalues, fit }) => ({
    largest: eigenvalues.at(-1)!,
    above: eigenvalues.at(-1)! / fit.xmin,
  }),
};

const computing = (change: (context: MetricContext) => object): MetricGroup => ({
  ...sound,
  compute: (context) => ({ ...sound.compute(context), ...change(context) }),
});

let calls = 0;

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, group: MetricGroup]> = [
  ['names no metric', 'shape', { ...sound, metrics: [], fromFit: [] }],
  ['has a name with a comma', 'shape', { ...sound, metrics: ['largest', 'above', 'a,b'] }],
  ['has a name twice', 'shape', { ...sound, metrics: ['largest', 'above', 'largest'] }],
  ['misspells a name in fromFit', 'shape', { ...sound, fromFit: ['Above'] }],
  [
    'takes the randomised spectrum for granted',
    'no error',
    computing(({ randomised }) => ({ largest: randomised!.eigenvalues[0] })),
  ],
  ['answers nothing', 'no error', { ...sound, compute: () => undefined as never }],
  ['has another metric', 'names', computing(() => ({ smallest: 1 }))],
  ['lacks a metric', 'names', { ...sound, metrics: ['largest', 'above', 'smallest'] }],
  ['has texts', 'numbers', computing(() => ({ largest: '1' }))],
  [
    'sorts its input',
    'input unchanged',
    computing(({ eigenvalues }) => {
      eigenvalues.reverse();
      return {};
    }),
  ],
  ['remembers', 'determinism', computing(() => ({ largest: ++calls }))],
  ['has a metric that never exists', 'finite', computing(() => ({ largest: Number.NaN }))],
  ['hides what follows from the fit', 'fromFit', { ...sound, fromFit: [] }],
  ['claims that all follows from the fit', 'fromFit', { ...sound, fromFit: ['largest', 'above'] }],
  [
    'hides that it looks at the randomised spectrum',
    'needsRandomised',
    computing(({ randomised }) => ({ largest: randomised?.eigenvalues.at(-1) ?? 0 })),
  ],
  [
    'claims to need the randomised spectrum',
    'needsRandomised',
    { ...sound, needsRandomised: true },
  ],
];

describe('a bad group of metrics', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, group) => {
    const failed = (await checkMetrics('bad', group)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});

it('passes a sound one in full', async () => {
  const checks = await checkMetrics('sound', sound);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
});
