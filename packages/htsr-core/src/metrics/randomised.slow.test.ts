/**
 * The randomised spectrum that is put together from parts, against the full decomposition of a
 * shuffled matrix of the same elements. By symmetry any order of them will do: the reference shuffles
 * in its own way.
 */
import type { MetricContext, RandomisedSpectrum } from '@alphalora/contracts/extensions';
import { seededRandom } from '@alphalora/contracts/numbers';
import type { Matrix } from '@alphalora/contracts/weights';
import { createWasmEngine } from '@alphalora/spectra-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeMetrics, resolveMetrics } from './index.js';
import { randomisedSpectrum } from './randomised-spectrum.js';

// The reference engine takes minutes for these sizes.
const engine = createWasmEngine();
const names = resolveMetrics(['randomised']);

function matrixOf(rows: number, columns: number, values: Float64Array): Matrix {
  return {
    name: 'w',
    rows,
    columns,
    dtype: 'F64',
    read: async (start = 0, end = rows) => values.subarray(start * columns, end * columns),
  };
}

/** Orders by random keys: another algorithm than the one under test. */
function reordered(values: Float64Array): Float64Array {
  const random = seededRandom(77, 'reference');
  const keys = Float64Array.from(values, () => random());
  const order = Uint32Array.from(values.keys()).sort((a, b) => keys[a]! - keys[b]!);
  return Float64Array.from(order, (i) => values[i]!);
}

/** A matrix of low rank and noise, with whatever `change` does to each element. */
function trainedMatrix(
  rows: number,
  columns: number,
  change: (value: number, i: number) => number,
): Float64Array {
  const random = seededRandom(5);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rank = 10;
  const left = Float64Array.from({ length: rows * rank }, normal);
  const right = Float64Array.from({ length: rank * columns }, normal);
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let value = normal();
    for (let k = 0; k < rank; k++) value += 0.2 * left[i * rank + k]! * right[k * columns + j]!;
    return change(value, at);
  });
}

const cases: Array<[string, number, number, number, (value: number, i: number) => number]> = [
  ['no trap', 1200, 1500, 0, (value) => value],
  ['a mean that is not zero', 1300, 1300, 1, (value) => value + 0.1],
  ['a huge element', 1200, 1500, 1, (value, i) => (i === 123_456 ? 120 : value)],
  [
    'both, three of them',
    1200,
    1500,
    4,
    (value, i) => (i % 600_000 === 9 ? 120 + i / 1e5 : value + 0.12),
  ],
];

describe.each(cases)('%s', (_, rows, columns, traps, change) => {
  let original: Float64Array;
  let exact: Record<string, number>;
  let estimated: Record<string, number>;

  beforeAll(async () => {
    const values = trainedMatrix(rows, columns, change);
    const eigenvaluesOf = async (elements: Float64Array): Promise<Float64Array> =>
      (await engine.singularValues(matrixOf(rows, columns, elements)))
        .map((value) => value * value)
        .sort();
    original = await eigenvaluesOf(values);
    const context = (randomised: RandomisedSpectrum): MetricContext => ({
      eigenvalues: original,
      randomised,
      matrices: 1,
      smaller: Math.min(rows, columns),
      larger: Math.max(rows, columns),
      fit: { alpha: 2, xmin: 1, ks: 0, tail: 2, stderr: 0 },
    });
    exact = computeMetrics(context({ eigenvalues: await eigenvaluesOf(reordered(values)) }), names);
    const unit = {
      ...({ name: 'w', shape: [rows, columns], dtype: 'F64', kind: 'projection' } as const),
      matrices: [matrixOf(rows, columns, values)],
    };
    const randomised = await randomisedSpectrum(unit, engine, { seed: 3 });
    expect(randomised.eigenvalues).toHaveLength(Math.min(rows, columns));
    expect(randomised.eigenvalues).toEqual(randomised.eigenvalues.toSorted());
    estimated = computeMetrics(context(randomised), names);
  }, 600_000);

  it(`finds ${traps} traps`, () => {
    expect(exact['rand_above_noise']).toBe(traps);
    expect(estimated['rand_above_noise']).toBe(traps);
  });

  it('has the distance, the edges and the largest eigenvalue of the full decomposition', () => {
    const error = (name: string): number => Math.abs(estimated[name]! / exact[name]! - 1);
    expect(error('rand_distance')).toBeLessThan(0.01);
    expect(error('rand_noise_max')).toBeLessThan(1e-3);
    // Two orders of the same elements: the edge fluctuates by 0.5 %, a spike somewhat more.
    expect(error('max_rand_eval')).toBeLessThan(0.02);
    expect(error('ww_softrank')).toBeLessThan(0.02);
    expect(error('ww_maxdist')).toBeLessThan(0.02);
    expect(error('rand_W_scale')).toBeLessThan(0.02);
  });
});
