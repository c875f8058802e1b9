import type { MetricContext } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import {
  computeMetrics,
  defaultMetrics,
  metrics as groups,
  needsRandomised,
  resolveMetrics,
  withoutFit,
} from './index.js';

const fit = { alpha: 3, xmin: 3, ks: 0, tail: 2, stderr: 0 };
const context = {
  eigenvalues: Float64Array.of(1, 2, 3, 10),
  fit,
  smaller: 4,
  larger: 6,
  matrices: 1,
};

describe('metrics of the spectrum 1, 2, 3, 10', () => {
  const metrics = computeMetrics(context);

  it.each([
    ['num_evals', 4],
    ['norm', 16],
    ['log_norm', Math.log10(16)],
    ['spectral_norm', 10],
    ['log_spectral_norm', 1],
    ['stable_rank', 1.6],
    ['matrix_rank', 4],
    ['alpha_weighted', 3],
    ['log_alpha_norm', Math.log10(1 + 8 + 27 + 1000)],
    ['num_pl_spikes', 2],
    ['lambda_max', 10],
    ['sv_max', Math.sqrt(10)],
    ['sv_min', 1],
    // Rescaled by 1/4: 2.5 x 0.75 = 1.875, x 0.5 = 0.9375 < 1.
    ['detX_num', 3],
    ['detX_val', 2],
    ['detX_delta', 1],
    ['ERG_gap', 1],
    ['W_scale', 0.5],
    [
      'entropy',
      -(
        [1, 2, 3, 10].map((x) => (x / 16) * Math.log(x / 16)).reduce((a, b) => a + b) / Math.log(4)
      ),
    ],
  ])('%s', (name, expected) => {
    expect(metrics[name]).toBeCloseTo(expected, 12);
  });

  it('survives exponents that overflow', () => {
    const large = {
      ...context,
      eigenvalues: Float64Array.of(1, 1e10),
      fit: { ...fit, alpha: 100 },
    };
    expect(computeMetrics(large)['log_alpha_norm']).toBeCloseTo(1000, 9);
  });

  it('knows the zeros of a matrix of low rank', () => {
    const { sv_min, detX_num } = computeMetrics({ ...context, smaller: 8 });
    expect(sv_min).toBe(0);
    // Rescaled to sum to 8 instead of 4: 5 x 1.5 x 1 x 0.5 > 1, and the first zero ends it.
    expect(detX_num).toBe(5);
  });

  it('leaves out what is not finite', () => {
    const one = computeMetrics({ ...context, eigenvalues: Float64Array.of(2) }, [
      'entropy',
      'norm',
    ]);
    expect(one).toEqual({ norm: 2 });
  });
});

describe('the registry of metrics', () => {
  const builtIn = groups.names().map((name) => groups.get(name));
  const all = builtIn.flatMap((group) => group.metrics);

  it('computes exactly what a group names', () => {
    for (const group of builtIn) {
      if (group.needsRandomised) continue;
      expect(Object.keys(group.compute(context)).toSorted()).toEqual(group.metrics.toSorted());
    }
    expect(new Set(all).size).toBe(all.length);
  });

  it('resolves groups, metrics, all and none, in its own order', () => {
    expect(resolveMetrics()).toEqual(defaultMetrics());
    expect(resolveMetrics(['all'])).toEqual(all);
    expect(resolveMetrics(['none'])).toEqual([]);
    expect(resolveMetrics([])).toEqual([]);
    expect(resolveMetrics(['norm', 'num_evals', 'norm'])).toEqual(['num_evals', 'norm']);
    expect(resolveMetrics(['detX', 'sv_max'])).toEqual([
      ...['sv_max', 'detX_num', 'detX_val', 'detX_delta', 'ERG_gap'],
    ]);
  });

  it('lists what there is for an unknown name', () => {
    expect(() => resolveMetrics(['norms'])).toThrow(/"norms".*marchenko-pastur.*stable_rank/);
  });

  it('runs only the groups that are asked for', () => {
    const untouchable = new Proxy(context, {
      get(target, key) {
        if (key === 'larger') throw new Error('Marchenko-Pastur was asked');
        return target[key as keyof typeof target];
      },
    });
    expect(computeMetrics(untouchable, ['norm'])).toEqual({ norm: 16 });
    expect(() => computeMetrics(untouchable, ['norm', 'num_spikes'])).toThrow(/was asked/);
    expect(needsRandomised(defaultMetrics())).toBe(false);
  });
});

describe('a further group', () => {
  const further = {
    metrics: ['range', 'fitted_range'],
    fromFit: ['fitted_range'],
    compute: ({ eigenvalues, fit: { xmin } }: MetricContext) => {
      const largest = eigenvalues.at(-1)!;
      return { range: largest - eigenvalues[0]!, fitted_range: largest - xmin };
    },
  };

  it('takes part as the built-in ones do', () => {
    groups.add('ranges', () => further);
    expect(groups.names().at(-1)).toBe('ranges');
    expect(defaultMetrics().slice(-2)).toEqual(['range', 'fitted_range']);
    expect(resolveMetrics(['all']).slice(-2)).toEqual(['range', 'fitted_range']);
    expect(resolveMetrics(['ranges'])).toEqual(['range', 'fitted_range']);
    expect(withoutFit(['norm', 'range', 'fitted_range'])).toEqual(['norm', 'range']);
    expect(computeMetrics(context, ['norm', 'range'])).toEqual({ norm: 16, range: 9 });
    expect(computeMetrics(context)).toMatchObject({ norm: 16, range: 9, fitted_range: 7 });
  });

  it.each([
    ['a group', 'spectrum', ['one']],
    ['a metric', 'stable_rank', ['one']],
    ['what means all of them', 'all', ['one']],
    ['a metric, in its own', 'own', ['one', 'stable_rank']],
    ['what means none, in its own', 'own', ['none']],
  ])('has not the name of %s', (_, name, names) => {
    const before = groups.names();
    expect(() => groups.add(name, () => ({ metrics: names, compute: () => ({}) }))).toThrow(
      /^there is a metric "[a-z_]+" already/,
    );
    expect(groups.names()).toEqual(before);
  });
});
