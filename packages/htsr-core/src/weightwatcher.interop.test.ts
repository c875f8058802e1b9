/** Layers as WeightWatcher 0.7.5.5 measures them: convolutions, its threshold of eigenvalues, ties. */

import { seededRandom } from '@alphalora/contracts/numbers';
import type { WeightTensor } from '@alphalora/contracts/weights';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { describe, expect, it } from 'vitest';
import { unitDistance } from './distances.js';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { estimators } from './estimators/index.js';
import { spectralUnits } from './matrices.js';
import { type MeasureOptions, measureUnit } from './measure.js';
import { powerLawSpikes } from './metrics/spectrum.js';
import { weightFromValues } from './values.js';

const program = `
import logging, warnings
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
import numpy, powerlaw, torch, weightwatcher
# It passes an argument that powerlaw 2 does not know, and answers alpha -1 where it does not get its way.
Fit = powerlaw.Fit
powerlaw.Fit = lambda data, distribution=None, **options: Fit(data, **options)
kinds = {2: lambda o, i: torch.nn.Linear(i, o, bias=False),
         4: lambda o, i, *k: torch.nn.Conv2d(i, o, k, bias=False)}
def analyzed(shape, values, options):
    layer = kinds[len(shape)](*shape)
    with torch.no_grad():
        layer.weight[:] = torch.tensor(values).reshape(shape)
    watcher = weightwatcher.WeightWatcher(model=torch.nn.Sequential(layer))
    details = watcher.analyze(plot=False, min_evals=2, **options)
    row = details.iloc[0].to_dict()
    return {name: value for name, value in row.items() if isinstance(value, (int, float)) and value == value}
def distances(shape, values, others):
    def layer(given):
        made = kinds[len(shape)](*shape)
        with torch.no_grad():
            made.weight[:] = torch.tensor(given).reshape(shape)
        return torch.nn.Sequential(made)
    a, b = layer(values), layer(others)
    watcher = weightwatcher.WeightWatcher(model=a)
    return {method: float(watcher.distances(a, b, method=method)[0]) for method in ['euclidean', 'raw', 'cka']}
def fitted(evals, options):
    watcher = weightwatcher.WeightWatcher(model=torch.nn.Linear(2, 2))
    alpha, _, xmin, _, _, _, spikes, fingers, _, status, _ = watcher.fit_powerlaw(numpy.array(evals), plot=False, **options)
    return {'alpha': float(alpha), 'xmin': float(xmin), 'num_pl_spikes': int(spikes), 'status': status}
def answer(question):
    return globals()[question.pop('of')](**question)
`;

type Question =
  | { of: 'analyzed'; shape: readonly number[]; values: number[]; options: object }
  | { of: 'distances'; shape: readonly number[]; values: number[]; others: number[] }
  | { of: 'fitted'; evals: number[]; options: object };

/** What WeightWatcher is asked for in the words of each estimator. */
const itsOptions = {
  ks: {},
  'fix-finger': { fix_fingers: 'xmin_peak', pl_package: 'powerlaw' },
  'clip-xmax': { fix_fingers: 'clip_xmax' },
} as const;

const random = seededRandom(11, 'weightwatcher');
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Normal elements, with rows of unequal size. */
function weightOf(shape: readonly number[]): WeightTensor & { values: number[] } {
  const size = shape.reduce((product, side) => product * side, 1);
  const perRow = size / shape[0]!;
  const values = Float32Array.from(
    { length: size },
    (_, i) => normal() * (1 + Math.floor(i / perRow)) ** -0.7,
  );
  return { ...weightFromValues({ name: 'w', shape, values }), values: [...values] };
}

async function measured(weight: WeightTensor, options: Partial<MeasureOptions>) {
  const [unit] = spectralUnits(weight);
  const { metrics, ...fit } = await measureUnit(unit!, {
    engine: createReferenceEngine(),
    estimator: await estimators.load('ks'),
    draws: 0,
    ...options,
  });
  return { ...metrics, alpha: fit.alpha, xmin: fit.xmin, D: fit.ks, sigma: fit.stderr };
}

describeUnless(pythonLacks('weightwatcher', 'torch'), 'WeightWatcher', () => {
  const ask = startPython<Question, Record<string, number>>(program);

  describe('of kernels for images, whose matrices it multiplies by sqrt(1/2),', () => {
    it.each([
      ['ks', [20, 12, 3, 3]],
      ['fix-finger', [20, 12, 3, 3]],
      ['ks', [24, 40, 1, 1]],
      ['ks', [40, 30]],
    ] as const)('%s finds its numbers: %j', async (estimator, shape) => {
      const weight = weightOf(shape);
      const own: Readonly<Record<string, number>> = await measured(weight, {
        estimator: await estimators.load(estimator),
      });
      const { values } = weight;
      const options = { ...itsOptions[estimator], mp_fit: true, detX: true };
      const its = await ask({ of: 'analyzed', shape, values, options });
      for (const name of [
        ...['alpha', 'xmin', 'D', 'sigma', 'norm', 'spectral_norm', 'stable_rank', 'entropy'],
        ...['alpha_weighted', 'log_alpha_norm', 'log_norm', 'num_evals', 'num_pl_spikes'],
        ...['sv_max', 'lambda_max', 'matrix_rank', 'sigma_mp', 'W_scale', 'bulk_max', 'num_spikes'],
      ]) {
        const scale = Math.max(Math.abs(its[name]!), 1e-9);
        expect(
          Math.abs(own[name]! - its[name]!) / scale,
          `${name}: ${own[name]}, ${its[name]}`,
        ).toBeLessThan(2e-5);
      }
    });
  });

  it.each([[[20, 12, 3, 3]], [[40, 30]], [[30, 40]]])('has these distances: %j', async (shape) => {
    const [a, b] = [weightOf(shape), weightOf(shape)];
    const [[one], [other]] = [spectralUnits(a), spectralUnits(b)];
    const own = await unitDistance(one!, other!, { engine: createReferenceEngine() });
    const its = await ask({ of: 'distances', shape, values: a.values, others: b.values });
    for (const method of ['euclidean', 'raw', 'cka'] as const) {
      expect(Math.abs(own[method]! / its[method]! - 1), method).toBeLessThan(1e-5);
    }
  });

  describe('of matrices with an eigenvalue below 1e-5', () => {
    // The last column is nearly nothing: one eigenvalue of about 40 * 1e-8.
    const weight = weightOf([40, 30]);
    const { values } = weight;
    for (let i = 29; i < values.length; i += 30) values[i] = Math.fround(1e-4 * values[i]!);
    const tiny = weightFromValues({
      name: 'w',
      shape: [40, 30],
      values: Float32Array.from(values),
    });

    it.each(['ks', 'fix-finger', 'clip-xmax'] as const)('%s fits those above', async (name) => {
      const estimator = await estimators.load(name);
      const options = itsOptions[name];
      const its = await ask({ of: 'analyzed', shape: [40, 30], values, options });
      expect(its['num_evals']).toBe(30);
      const own = await measured(tiny, { estimator, evalsThreshold: 1e-5 });
      for (const field of ['alpha', 'xmin', 'D', 'sigma'] as const) {
        expect(Math.abs(own[field] / its[field]! - 1), field).toBeLessThan(1e-5);
      }
      expect(own).toMatchObject({ num_evals: 30, num_pl_spikes: its['num_pl_spikes'] });
    });

    it('all of them give fix-finger another peak', async () => {
      const estimator = await estimators.load('fix-finger');
      const all = await measured(tiny, { estimator });
      const above = await measured(tiny, { estimator, evalsThreshold: 1e-5 });
      expect(Math.abs(all.alpha - above.alpha)).toBeGreaterThan(0.1);
    });
  });

  describe('of tied eigenvalues', () => {
    const tied = (...groups: Array<readonly [value: number, count: number]>): Float64Array =>
      Float64Array.from(groups.flatMap(([value, count]) => Array<number>(count).fill(value)));

    it.each([
      [
        'pairs',
        tied(...Array.from({ length: 20 }, (_, i) => [(20 / (20 - i)) ** 0.7, 2] as const)),
      ],
      ['a plateau', tied([0.1, 3], [1, 12], [2, 2], [3, 1], [5, 2], [11, 1])],
      ['ties at the top', tied([0.5, 4], [1, 5], [2, 3], [4, 2], [8, 2])],
    ])('%s: its cut, and as many in the tail', async (_, evals) => {
      for (const name of ['ks', 'clip-xmax'] as const) {
        const options = itsOptions[name];
        const estimator = await estimators.load(name);
        const fit = estimator.fit(evals);
        const its = await ask({ of: 'fitted', evals: [...evals], options });
        expect(fit.alpha / its['alpha']!, name).toBeCloseTo(1, 9);
        expect(fit.xmin, name).toBe(its['xmin']);
        expect(powerLawSpikes({ eigenvalues: evals, fit }), name).toBe(its['num_pl_spikes']);
        // Fingers are no part of the tail that was fitted, and count as spikes.
        expect(fit.tail + (fit.fingers ?? 0), name).toBe(its['num_pl_spikes']);
      }
    });
  });
});
