import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { fixFinger } from './estimators/fix-finger.js';
import { hill } from './estimators/hill.js';
import { ks } from './estimators/ks.js';
import { spectralUnits } from './matrices.js';
import { measureUnit } from './measure.js';
import { impreciseReason, isRankKnown } from './resolution.js';
import { weightFromValues } from './values.js';

const eigenvalues = Float64Array.of(1, 2, 3, 5, 8, 13);
const reason = (from: number, count: number, estimator: Parameters<typeof impreciseReason>[2]) =>
  impreciseReason(eigenvalues, { from, count }, estimator);

describe('a fit', () => {
  it('rests on known eigenvalues where all are known', () => {
    for (const estimator of [fixFinger, ks, hill()])
      expect(reason(0, 9, estimator)).toBeUndefined();
  });

  it('may read the upper ones only', () => {
    // The three largest begin at 5.
    expect(reason(4, 6, hill({ k: 3 }))).toBeUndefined();
    expect(reason(6, 6, hill({ k: 3 }))).toMatch(
      /the 4 smallest of 6 eigenvalues.* estimator hill/,
    );
    expect(reason(4, 6, ks)).toMatch(/the 3 smallest of 6/);
    expect(reason(4, 6, fixFinger)).toMatch(/precision auto$/);
  });

  it('may need to know how many there are', () => {
    // Three that nothing is known about: do nine tenths end with 1 or further down?
    expect(reason(1, 9, hill({ share: 0.9 }))).toMatch(/the 3 smallest of 9/);
    expect(reason(1, 9, hill({ k: 3 }))).toBeUndefined();
    expect(isRankKnown(eigenvalues, { from: 1, count: 9 })).toBe(false);
    expect(isRankKnown(eigenvalues, { from: 0, count: 9 })).toBe(true);
  });
});

describe('a row', () => {
  const engineOf = (values: number[], resolved: number): SpectralEngine => ({
    name: 'coarse',
    async singularValues(_, options) {
      options?.onPrecision?.('f32', resolved);
      return Float64Array.from(values);
    },
  });
  const values = new Float64Array(6 * 8).fill(1);
  const [unit] = spectralUnits(weightFromValues({ name: 'w', shape: [6, 8], values }));
  const measure = (singularValues: number[], resolved: number) =>
    measureUnit(unit!, {
      engine: engineOf(singularValues, resolved),
      estimator: fixFinger,
      bootstrap: 0,
    });

  it('is marked, and has no metrics that cannot be known', async () => {
    const { imprecise, metrics } = await measure([9, 7, 5, 1, 0, 0], 2);
    expect(imprecise).toMatch(/the 3 smallest of 6/);
    for (const name of ['matrix_rank', 'num_evals', 'entropy', 'sv_min']) {
      expect(metrics).not.toHaveProperty(name);
    }
    expect(metrics['stable_rank']).toBeCloseTo(156 / 81, 12);
  });

  it('has a rank, but no smallest value, where none is lost altogether', async () => {
    const { metrics } = await measure([9, 7, 5, 3, 2, 1], 2.5);
    expect(metrics['matrix_rank']).toBe(6);
    expect(metrics).not.toHaveProperty('sv_min');
  });

  it('does not exist where one eigenvalue is all that is resolved, which is no rank of one', async () => {
    await expect(measure([9, 0, 0, 0, 0, 0], 2)).rejects.toThrow('too small for the arithmetic');
    await expect(measure([9, 0, 0, 0, 0, 0], 0)).rejects.toThrow('has rank one');
  });

  it('is whole where everything is resolved', async () => {
    const { imprecise, metrics } = await measure([9, 7, 5, 3, 2, 1], 0);
    expect(imprecise).toBeUndefined();
    expect(metrics['sv_min']).toBe(1);
  });
});
