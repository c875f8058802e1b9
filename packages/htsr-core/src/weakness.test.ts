import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { fixFinger } from './estimators/fix-finger.js';
import { hill } from './estimators/hill.js';
import { ks } from './estimators/ks.js';
import { spectralUnits } from './matrices.js';
import { measureUnit } from './measure.js';
import { weightFromValues } from './values.js';
import { weaknessOf } from './weakness.js';

/** Quantiles of p(x) ~ x^-alpha above 1. */
function powerLaw(alpha: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (1 - i / count) ** (-1 / (alpha - 1)));
}

describe('a fit that counts', () => {
  it.each([1.5, 2, 4, 8, 15])('is one to a power law of exponent %d', (alpha) => {
    const spectrum = powerLaw(alpha, 500);
    for (const estimator of [ks, hill(), fixFinger]) {
      expect(weaknessOf(spectrum, estimator.fit(spectrum))).toBeUndefined();
    }
  });

  it('is one to the five largest of many', () => {
    const spectrum = powerLaw(7, 64);
    expect(weaknessOf(spectrum, hill({ k: 5 }).fit(spectrum))).toBeUndefined();
  });
});

describe('a fit that says nothing', () => {
  it('has fewer than five eigenvalues in its tail', () => {
    const spectrum = powerLaw(7, 64);
    expect(weaknessOf(spectrum, hill({ k: 4 }).fit(spectrum))).toBe(
      'only 4 eigenvalues in the tail: an exponent needs at least 5',
    );
  });

  it.each([2, 3, 4])('has %d eigenvalues in all', (count) => {
    const spectrum = powerLaw(3, count);
    expect(weaknessOf(spectrum, ks.fit(spectrum))).toMatch(`only ${count} eigenvalues in all`);
  });

  it('has eigenvalues that are equal but for noise', () => {
    const random = seededRandom(1);
    for (const noise of [1e-7, 1e-3, 0.05, 0.2]) {
      const spectrum = Float64Array.from({ length: 64 }, () => 1 + noise * random()).sort();
      for (const estimator of [ks, hill(), fixFinger]) {
        expect(weaknessOf(spectrum, estimator.fit(spectrum))).toMatch('eigenvalues almost equal');
      }
    }
  });

  it('has a tail that is a pile of equal eigenvalues, with a bulk below and a spike above', () => {
    const random = seededRandom(2);
    const spectrum = Float64Array.from({ length: 64 }, (_, i) =>
      i < 32 ? 0.1 * random() : i < 63 ? 1 + 1e-3 * random() : 100,
    ).sort();
    expect(weaknessOf(spectrum, hill().fit(spectrum))).toMatch('half of the tail is at its cut');
  });

  it.each([2, 3])('has a tail of %d values that repeat, but for rounding', (count) => {
    const random = seededRandom(7);
    const spectrum = Float64Array.from(
      { length: 64 },
      (_, i) => 4 ** (i % count) * (1 + 1e-4 * random()),
    ).sort();
    // Cuts inside of the lowest value, so that fewer than half of the tail are equal to it.
    for (const k of [62, 50]) {
      expect(weaknessOf(spectrum, hill({ k }).fit(spectrum))).toBe(
        `only ${count} different eigenvalues in the tail`,
      );
    }
  });
});

describe('the row of a matrix', () => {
  const options = { engine: createReferenceEngine(), estimator: fixFinger, bootstrap: 50 };
  const measured = (values: Float32Array | Float64Array, shape: number[]) =>
    measureUnit(spectralUnits(weightFromValues({ name: 'w', shape, values }))[0]!, options);

  it('is marked for an orthogonal one, and has nothing that follows from its fit', async () => {
    // Reflections I - 2 u u^T, one after the other, in float32.
    const side = 32;
    const random = seededRandom(3);
    let q = Float64Array.from({ length: side * side }, (_, i) => (i % (side + 1) === 0 ? 1 : 0));
    for (let step = 0; step < side; step++) {
      const u = Float64Array.from({ length: side }, () => random() - 0.5);
      const norm = Math.hypot(...u);
      const dots = Float64Array.from({ length: side }, (_, column) =>
        u.reduce((sum, value, row) => sum + (value / norm) * q[row * side + column]!, 0),
      );
      q = q.map((value, at) => {
        const [row, column] = [Math.floor(at / side), at % side];
        return value - (2 * u[row]! * dots[column]!) / norm;
      });
    }
    const row = await measured(Float32Array.from(q), [side, side]);
    expect(row.weak).toMatch('eigenvalues almost equal');
    expect(row.alpha).toBeGreaterThan(1e4);
    expect(row).not.toHaveProperty('interval');
    expect(row).not.toHaveProperty('draws');
    expect(row).not.toHaveProperty('warning');
    expect(row.metrics['stable_rank']).toBeCloseTo(side, 3);
    for (const name of ['alpha_weighted', 'log_alpha_norm', 'num_pl_spikes']) {
      expect(row.metrics).not.toHaveProperty(name);
    }
  });

  it('is marked for one of rank two that float32 has rounded', async () => {
    const random = seededRandom(4);
    const factor = (): number[] => Array.from({ length: 96 }, () => random() - 0.5);
    const [a, b, c, d] = [factor(), factor(), factor(), factor()];
    const values = new Float32Array(48 * 48);
    for (let at = 0; at < values.length; at++) {
      const [row, column] = [Math.floor(at / 48), at % 48];
      values[at] = a![row]! * b![column]! + c![row]! * d![column]!;
    }
    const row = await measured(values, [48, 48]);
    expect(row.metrics['matrix_rank']).toBe(2);
    expect(row.weak).toMatch('only 2 eigenvalues in all');
  });

  it('has no mark for one that a single huge element dwarfs', async () => {
    const random = seededRandom(6);
    const values = Float32Array.from({ length: 40 * 60 }, () => random() - 0.5);
    values[500]! *= 1e10;
    const row = await measured(values, [40, 60]);
    expect(row).not.toHaveProperty('weak');
    expect(row.metrics['matrix_rank']).toBe(40);
  });

  it('has no mark for a random one of full rank', async () => {
    const random = seededRandom(5);
    const values = Float64Array.from({ length: 40 * 60 }, () => random() - 0.5);
    const row = await measured(values, [40, 60]);
    expect(row).not.toHaveProperty('weak');
    expect(row.draws).toHaveLength(50);
  });
});
