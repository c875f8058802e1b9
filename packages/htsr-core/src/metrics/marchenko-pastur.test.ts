import { seededRandom } from '@alphalora/contracts/numbers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../engines/ml-matrix.js';
import { marchenkoPastur } from './marchenko-pastur.js';

function gaussian(count: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

async function eigenvaluesOf(
  rows: number,
  columns: number,
  values: Float64Array,
): Promise<Float64Array> {
  const singular = await createReferenceEngine().singularValues({
    name: 'w',
    rows,
    columns,
    dtype: 'F64',
    read: async () => values,
  });
  return singular.map((value) => value * value).sort();
}

describe('Marchenko-Pastur fit of Gaussian matrices', () => {
  it.each([
    [200, 200, 1],
    [150, 300, 0.02],
    [300, 150, 30],
    [80, 320, 1e-4],
    [60, 600, 1e8],
  ])('%i x %i, standard deviation %d: the exact edges and no spike', async (rows, columns, s) => {
    const values = gaussian(rows * columns, rows + columns).map((value) => value * s);
    const eigenvalues = await eigenvaluesOf(rows, columns, values);
    const [smaller, larger] = [Math.min(rows, columns), Math.max(rows, columns)];
    const fit = marchenkoPastur({ eigenvalues, smaller, larger });
    const [low, high] = [-1, 1].map(
      (sign) => (s * (Math.sqrt(larger) + sign * Math.sqrt(smaller))) ** 2,
    ) as [number, number];
    expect(Math.abs(fit.bulkMax / high - 1)).toBeLessThan(0.02);
    expect(Math.abs(fit.bulkMin - low)).toBeLessThan(0.02 * Math.max(low, 1e-9 * high));
    expect(Math.abs(fit.sigma / s - 1)).toBeLessThan(0.01);
    expect(fit.spikes).toBe(0);
    expect(fit.softRank).toBeGreaterThan(0.9);
  });

  it('holds for pooled spectra, with the sides of one matrix', async () => {
    const spectra = await Promise.all(
      [1, 2, 3, 4].map((seed) => eigenvaluesOf(60, 90, gaussian(60 * 90, seed))),
    );
    const eigenvalues = Float64Array.from(spectra.flatMap((values) => [...values])).sort();
    const fit = marchenkoPastur({ eigenvalues, smaller: 60, larger: 90, matrices: 4 });
    expect(Math.abs(fit.bulkMax / (Math.sqrt(90) + Math.sqrt(60)) ** 2 - 1)).toBeLessThan(0.02);
    expect(fit.spikes).toBe(0);
  });

  it('finds one planted spike where Baik, Ben Arous and Péché put it', async () => {
    const [rows, columns] = [120, 240];
    const ratio = rows / columns;
    // Strength in units of sqrt(columns); the transition is at ratio^(1/4) = 0.84.
    for (const [strength, spikes] of [
      [0.4, 0],
      [2, 1],
      [5, 1],
    ] as const) {
      const values = gaussian(rows * columns, 11);
      // A rank-one matrix of constant elements has the singular value rows^(1/2) columns^(1/2) |element|.
      const element = strength / Math.sqrt(rows);
      const eigenvalues = await eigenvaluesOf(
        ...([rows, columns] as const),
        values.map((value) => value + element),
      );
      const fit = marchenkoPastur({ eigenvalues, smaller: rows, larger: columns });
      expect(fit.spikes).toBe(spikes);
      expect(Math.abs(fit.bulkMax / (Math.sqrt(rows) + Math.sqrt(columns)) ** 2 - 1)).toBeLessThan(
        0.02,
      );
      if (spikes === 0) continue;
      // Benaych-Georges and Nadakuditi (2012), example 3.1: (1 + t^2)(c + t^2) / t^2.
      const square = strength ** 2;
      const expected = (columns * (1 + square) * (ratio + square)) / square;
      // The largest singular value fluctuates by about 1, the eigenvalue by about twice its root.
      const deviation = eigenvalues.at(-1)! - expected;
      expect(Math.abs(deviation)).toBeLessThan(3 * 2 * Math.sqrt(expected));
      expect(fit.softRank).toBeCloseTo(fit.bulkMax / eigenvalues.at(-1)!, 12);
    }
  });
});

describe('Marchenko-Pastur fit of any spectrum', () => {
  const spectra = fc.record({
    values: fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), {
      minLength: 2,
      maxLength: 60,
    }),
    extra: fc.nat(20),
    wider: fc.nat(200),
  });

  it('does not depend on scale, and settles: what is kept has no spike left', () => {
    fc.assert(
      fc.property(spectra, fc.integer({ min: -40, max: 40 }), ({ values, extra, wider }, power) => {
        const eigenvalues = Float64Array.from(values).sort();
        const smaller = values.length + extra;
        const sides = { smaller, larger: smaller + wider };
        const fit = marchenkoPastur({ eigenvalues, ...sides });
        const factor = 4 ** power;
        const scaled = marchenkoPastur({
          eigenvalues: eigenvalues.map((value) => value * factor),
          ...sides,
        });
        expect(scaled.spikes).toBe(fit.spikes);
        expect(scaled.bulkMax).toBe(fit.bulkMax * factor);
        expect(scaled.sigma).toBe(fit.sigma * 2 ** power);
        expect(scaled.softRank).toBe(fit.softRank);

        // The rule in the units of the formula: lambda over the mean of the bulk, zeros included.
        const kept = values.toSorted((a, b) => a - b).slice(0, values.length - fit.spikes);
        const mean = kept.reduce((a, b) => a + b, 0) / (kept.length + extra);
        const q = sides.larger / smaller;
        const edge = (1 + 1 / Math.sqrt(q)) ** 2;
        const limit = edge + Math.sqrt((edge ** (2 / 3) * smaller ** (-2 / 3)) / Math.sqrt(q));
        for (const [i, value] of eigenvalues.entries()) {
          if (Math.abs(value / mean / limit - 1) < 1e-9) continue;
          expect(value / mean > limit).toBe(i >= kept.length);
        }
      }),
      { seed: 9, numRuns: 300 },
    );
  });
});
