import { readFileSync } from 'node:fs';
import { isAlphaLoraError } from '@alphalora/contracts';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixFinger, fixFingerStrict } from './fix-finger.js';
import { hill } from './hill.js';
import { estimators } from './index.js';
import { ks } from './ks.js';

/** A sample that follows p(x) ~ x^-alpha exactly at its quantiles. */
function paretoQuantiles(alpha: number, count: number, xmin = 1): Float64Array {
  return Float64Array.from(
    { length: count },
    (_, i) => xmin * (1 - (i + 0.5) / count) ** (-1 / (alpha - 1)),
  );
}

const spectra = fc
  // Integers over a constant: no two are so close that the sum of logarithms cancels.
  .array(fc.integer({ min: 1, max: 100_000 }), { minLength: 3, maxLength: 60 })
  .map((values) => Float64Array.from(values, (value) => value / 1024).sort())
  .filter((values) => values[0] !== values.at(-1));

/** The definition, term by term: no early exit, no suffix sums. */
function bruteForceKs(eigenvalues: Float64Array): { cut: number; alpha: number; ks: number } {
  let best = { cut: -1, alpha: 0, ks: Number.POSITIVE_INFINITY };
  for (let cut = 0; cut <= eigenvalues.length - 2; cut++) {
    const tail = [...eigenvalues.subarray(cut)];
    const xmin = tail[0]!;
    if (xmin === tail.at(-1)) continue;
    const alpha = 1 + tail.length / tail.reduce((sum, x) => sum + Math.log(x / xmin), 0);
    const distances = tail.map((x, j) => Math.abs(1 - (x / xmin) ** (1 - alpha) - j / tail.length));
    const distance = Math.max(...distances);
    if (distance < best.ks) best = { cut, alpha, ks: distance };
  }
  return best;
}

describe('recovering a known exponent', () => {
  it.each([1.5, 2, 3, 4.5])('alpha %d from exact quantiles', (alpha) => {
    const sample = paretoQuantiles(alpha, 4000);
    for (const estimator of [hill(), ks, fixFinger, fixFingerStrict]) {
      expect(estimator.fit(sample).alpha).toBeCloseTo(alpha, 1);
    }
  });
});

describe('ks', () => {
  it('finds the same cut as the definition applied to every cut', () => {
    fc.assert(
      fc.property(spectra, (eigenvalues) => {
        const expected = bruteForceKs(eigenvalues);
        const fit = ks.fit(eigenvalues);
        // Two cuts may tie to rounding; the distance decides.
        expect(fit.ks).toBeCloseTo(expected.ks, 9);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('does not depend on scale', () => {
    const sample = paretoQuantiles(2.5, 500);
    const scaled = sample.map((value) => value * 1024);
    expect(ks.fit(scaled).tail).toBe(ks.fit(sample).tail);
    expect(ks.fit(scaled).alpha).toBeCloseTo(ks.fit(sample).alpha, 10);
  });

  it('keeps the search close to linear: 200,000 points in seconds, not hours', () => {
    const sample = paretoQuantiles(2.2, 200_000).map((value, i) => value * (1 + 0.1 * (i % 2)));
    expect(ks.fit(sample.sort()).alpha).toBeGreaterThan(1.5);
  }, 20_000);
});

describe('hill', () => {
  const doubling = (count: number) => Float64Array.from({ length: count }, (_, i) => 2 ** i);

  it('takes the largest quarter, the cut included', () => {
    const fit = hill().fit(doubling(24));
    expect(fit.tail).toBe(6);
    expect(fit.xmin).toBe(2 ** 18);
    // 1 + 6 / ((0 + 1 + 2 + 3 + 4 + 5) ln 2)
    expect(fit.alpha).toBeCloseTo(1 + 0.4 / Math.LN2, 12);
    expect(fit.stderr).toBeCloseTo(0.4 / Math.LN2 / Math.sqrt(6), 12);
  });

  it.each([9, 10, 31, 576])('with half of %d eigenvalues cuts at floor(N/2)', (count) => {
    const { tail, xmin } = hill({ share: 0.5 }).fit(doubling(count));
    expect(xmin).toBe(2 ** Math.floor(count / 2));
    expect(tail).toBe(count - Math.floor(count / 2));
  });

  it('takes the k largest when told so, all of them when there are fewer', () => {
    expect(hill({ k: 2 }).fit(Float64Array.of(1, 2, 4, 8)).xmin).toBe(4);
    expect(hill({ k: 99 }).fit(Float64Array.of(1, 2, 4, 8)).tail).toBe(4);
  });

  it.each([0, 1, 2.5, Number.NaN])('refuses k = %d', (k) => {
    expect(() => hill({ k })).toThrow(/k must be an integer/);
  });

  it('takes a share of the eigenvalues, rounded up, and five where there are as many', () => {
    expect(hill({ share: 0.6 }).fit(doubling(12))).toEqual(hill({ k: 8 }).fit(doubling(12)));
    expect(hill({ share: 0.6 }).reads!(12)).toBe(8);
    expect(hill({ share: 1 }).fit(doubling(7)).tail).toBe(7);
    for (const [count, tail] of [
      [20, 5],
      [8, 5],
      [4, 4],
    ] as const)
      expect(hill().fit(doubling(count)).tail, `of ${count}`).toBe(tail);
  });

  it.each([0, -1, 1.01, Number.NaN])('a share of %d is none', (share) => {
    expect(() => hill({ share })).toThrow(/share of the tail/);
    expect(() => hill({ share: 0.5, k: 2 })).toThrow(/exclude one another/);
  });
});

describe('fix-finger', () => {
  it('is scale-invariant with the intended bound', () => {
    fc.assert(
      fc.property(spectra, fc.integer({ min: -8, max: 8 }), (eigenvalues, exponent) => {
        const scaled = eigenvalues.map((value) => value * 2 ** exponent);
        const attempt = (values: Float64Array): number | undefined => {
          try {
            return fixFingerStrict.fit(values).tail;
          } catch (error) {
            if (isAlphaLoraError(error, 'NO_SPECTRUM')) return undefined;
            throw error;
          }
        };
        // An eigenvalue on the very edge of a bin may move with rounding.
        fc.pre(attempt(eigenvalues) === attempt(eigenvalues.map((value) => value * (1 + 1e-12))));
        expect(attempt(scaled)).toBe(attempt(eigenvalues));
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('says so when there is no candidate', () => {
    // The peak holds the largest eigenvalues alone, and the largest is no cut.
    const eigenvalues = Float64Array.of(1, 10);
    expect(fixFingerStrict.fit(eigenvalues).tail).toBe(2);
    expect(() => fixFingerStrict.fit(Float64Array.of(5, 5, 5))).toThrow(
      /no eigenvalue near the peak/,
    );
  });
});

describe('the registry', () => {
  it('loads every estimator under its own name', async () => {
    for (const name of estimators.names()) expect((await estimators.load(name)).name).toBe(name);
  });

  it('lists the choices for an unknown name', async () => {
    await expect(estimators.load('hil')).rejects.toThrow(estimators.names().join(', '));
  });
});

/**
 * Expectations published with the `powerlaw` Python package's data sets (MIT), float64: ks and the
 * half-sample Hill estimate of four public data sets.
 */
const data = 'reference/powerlaw-data';
describeUnless(sharedLacks(data), 'public data sets', () => {
  const load = (name: string, divisor: number): Float64Array =>
    Float64Array.from(
      readFileSync(shared(`${data}/${name}.txt`), 'utf8')
        .trim()
        .split(/\s+/),
      (word) => Number(word) / divisor,
    ).sort();

  it.each([
    ['blackouts', 1000, 2.2726372198302904, 230, 0.06067379629443914, 1.8894639217422764],
    ['cities', 1000, 2.36995212269389, 52.457, 0.01884802271020447, 1.6219673804801595],
    ['surnames', 1000, 2.2495632865336885, 44.7678, undefined, undefined],
    ['terrorism', 1, 2.3933220064845613, 18, undefined, undefined],
  ])('%s', (name, divisor, alpha, xmin, distance, half) => {
    const sample = load(name, divisor);
    const fit = ks.fit(sample);
    expect(Math.abs(fit.alpha / alpha - 1)).toBeLessThan(1e-10);
    expect(fit.xmin).toBe(xmin);
    if (distance) expect(Math.abs(fit.ks / distance - 1)).toBeLessThan(1e-10);
    if (half)
      expect(Math.abs(hill({ share: 0.5 }).fit(sample).alpha / half - 1)).toBeLessThan(1e-10);
  });
});
