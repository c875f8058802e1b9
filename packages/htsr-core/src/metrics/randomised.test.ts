import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../engines/ml-matrix.js';
import { spectralUnits } from '../matrices.js';
import { weightFromValues } from '../values.js';
import { computeMetrics, needsRandomised, resolveMetrics } from './index.js';
import { largestEigenvalues } from './lanczos.js';
import { jensenShannonDistance } from './randomised.js';
import { randomisedSpectrum } from './randomised-spectrum.js';

const engine = createReferenceEngine();
const fit = { alpha: 2, xmin: 1, ks: 0, tail: 2, stderr: 0 };

function uniform(count: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, () => random() - 0.5);
}

const unitOf = (values: Float64Array, shape: number[], name = 'w') =>
  spectralUnits(weightFromValues({ name, shape, values }))[0]!;

describe('Jensen-Shannon distance', () => {
  it('is 0 for equal shapes, sqrt(ln 2) for disjoint ones, and what the definition says between', () => {
    expect(jensenShannonDistance(Float64Array.of(1, 2), Float64Array.of(10, 20))).toBeCloseTo(0, 7);
    // Two equal halves of mass apart: as far as it gets.
    const apart = jensenShannonDistance(Float64Array.of(1, 0), Float64Array.of(0, 1));
    expect(apart).toBeCloseTo(Math.sqrt(Math.LN2), 14);
    // p = (0.25, 0.75), q = (0, 1): m = (0.125, 0.875).
    const expected = 0.25 * Math.log(2) + 0.75 * Math.log(0.75 / 0.875) + Math.log(1 / 0.875);
    const found = jensenShannonDistance(Float64Array.of(1, 3), Float64Array.of(7));
    expect(found).toBeCloseTo(Math.sqrt(expected / 2), 14);
  });
});

describe('the randomised spectrum of small matrices', () => {
  it('keeps the Frobenius norm, repeats with the seed and the name, and differs with either', async () => {
    const values = uniform(20 * 30, 1);
    const spectrumOf = async (seed: number, name?: string): Promise<number[]> => {
      const { eigenvalues } = await randomisedSpectrum(unitOf(values, [20, 30], name), engine, {
        seed,
      });
      return [...eigenvalues];
    };
    const first = await spectrumOf(1);
    const norm = values.reduce((sum, value) => sum + value * value, 0);
    expect(first).toHaveLength(20);
    expect(first.reduce((a, b) => a + b)).toBeCloseTo(norm, 9);
    expect(await spectrumOf(1)).toEqual(first);
    expect(await spectrumOf(2)).not.toEqual(first);
    expect(await spectrumOf(1, 'v')).not.toEqual(first);
    // The weight itself is untouched.
    expect(values).toEqual(uniform(20 * 30, 1));
  });

  it('tells arrangement from elements', async () => {
    // Rank one: all of its structure is in the arrangement.
    const [u, v] = [uniform(60, 2), uniform(90, 3)];
    const values = Float64Array.from(
      { length: 60 * 90 },
      (_, i) => u[Math.floor(i / 90)]! * v[i % 90]!,
    );
    const norm = values.reduce((sum, value) => sum + value * value, 0);
    const randomised = await randomisedSpectrum(unitOf(values, [60, 90]), engine);
    const metrics = computeMetrics(
      {
        eigenvalues: Float64Array.of(norm),
        fit,
        randomised,
        smaller: 60,
        larger: 90,
        matrices: 1,
      },
      resolveMetrics(['randomised']),
    );
    // The edge for independent elements: (1 + sqrt(60/90))^2 / 60 of the norm = 0.055.
    expect(metrics['ww_softrank']).toBeGreaterThan(0.045);
    expect(metrics['ww_softrank']).toBeLessThan(0.065);
    expect(metrics['ww_maxdist']).toBeCloseTo(norm * (1 - metrics['ww_softrank']!), 9);
    expect(metrics['rand_above_noise']).toBe(0);
    // All but the whole is bulk: the edge of independent elements.
    const edge = (norm / 60) * (1 + Math.sqrt(60 / 90)) ** 2;
    expect(metrics['rand_noise_max']! / edge).toBeCloseTo(1, 12);
    expect(metrics['rand_distance']).toBeGreaterThan(0.7);
  });

  it('pools the kernel positions of a convolution', async () => {
    const values = uniform(8 * 5 * 9, 4);
    const { eigenvalues } = await randomisedSpectrum(unitOf(values, [8, 5, 3, 3]), engine);
    expect(eigenvalues).toHaveLength(5 * 9);
    expect(eigenvalues).toEqual(eigenvalues.toSorted());
  });

  it('is asked for only when a metric needs it', () => {
    expect(needsRandomised(resolveMetrics(['norm', 'rand_distance']))).toBe(true);
    expect(needsRandomised(resolveMetrics(['norm']))).toBe(false);
    const context = { eigenvalues: Float64Array.of(1, 2), fit, smaller: 2, larger: 2, matrices: 1 };
    expect(computeMetrics(context, ['norm', 'rand_distance'])).toEqual({ norm: 3 });
  });
});

describe('Lanczos iteration', () => {
  it.each([
    [150, 150],
    [301, 60],
    [40, 7],
  ])('%i x %i: the largest eigenvalues of the full decomposition', async (rows, columns) => {
    const values = uniform(rows * columns, rows).map((value, i) =>
      // Two spikes: a mean, and one huge element.
      i === 5 ? 60 : value + 0.3,
    );
    const all = await engine.singularValues(unitOf(values, [rows, columns]).matrices[0]!);
    const [first, second] = all.map((value) => value ** 2);
    const found = await largestEigenvalues({
      values,
      rows,
      columns,
      wanted: () => 2,
      random: seededRandom(1),
    });
    expect(found).toHaveLength(2);
    expect(found[1]! / first!).toBeCloseTo(1, 6);
    expect(found[0]! / second!).toBeCloseTo(1, 6);
    expect(found[1]!).toBeLessThan(first! * (1 + 1e-12));
  });

  it('ends early where the matrix has little to find', async () => {
    const values = new Float64Array(50 * 40);
    values[3] = 2;
    const found = await largestEigenvalues({
      values,
      rows: 50,
      columns: 40,
      wanted: () => 5,
      random: seededRandom(1),
    });
    expect(found.at(-1)).toBeCloseTo(4, 12);
    expect(found.length).toBeLessThanOrEqual(3);
  });
});
