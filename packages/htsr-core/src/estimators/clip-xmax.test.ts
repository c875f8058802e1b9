import { describe, expect, it } from 'vitest';
import { clipXmax } from './clip-xmax.js';
import { ks } from './ks.js';

const pareto = (alpha: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (1 - (i + 0.5) / count) ** (-1 / (alpha - 1)));

/** The rule, written out over a table of fits. */
function expected(values: number[]): { fingers: number; alpha: number } {
  const alphas = Array.from({ length: 10 }, (_, k) =>
    values.length - k < 3
      ? Number.NaN
      : ks.fit(Float64Array.from(values.slice(0, values.length - k))).alpha,
  );
  for (const fingers of [2, 3, 4, 5, 6, 7, 8, 9]) {
    if (alphas[fingers]! < alphas[0]! - 1) return { fingers, alpha: alphas[fingers]! };
    if (alphas[fingers]! <= 2) break;
  }
  return { fingers: 0, alpha: alphas[0]! };
}

describe('clip-xmax', () => {
  it('leaves a clean power law alone', () => {
    const eigenvalues = Float64Array.from(pareto(3, 500));
    expect(clipXmax.fit(eigenvalues)).toEqual({
      ...{ ...ks.fit(eigenvalues), fingers: 0, rawAlpha: ks.fit(eigenvalues).alpha },
    });
  });

  it('sets fingers aside that make alpha large', () => {
    // A tight cluster far above a short tail takes the cut for itself until enough of it is gone.
    const cluster = Array.from({ length: 9 }, (_, k) => 110 + 0.01 * k);
    const values = [...pareto(5.1, 32), ...cluster];
    const found = clipXmax.fit(Float64Array.from(values));
    const wanted = expected(values);
    expect(wanted.fingers).toBeGreaterThan(1);
    expect(found.fingers).toBe(wanted.fingers);
    expect(found.alpha).toBe(wanted.alpha);
    expect(found.rawAlpha).toBe(ks.fit(Float64Array.from(values)).alpha);
    expect(found.rawAlpha! - found.alpha).toBeGreaterThan(1);
    expect(found.tail).toBeLessThanOrEqual(values.length - wanted.fingers);
  });

  it('follows the rule on many spectra', () => {
    let clipped = 0;
    for (let i = 0; i < 60; i++) {
      const values = [
        ...pareto(1.5 + (i % 7) * 0.6, 12 + i),
        ...Array.from({ length: i % 11 }, (_, k) => 50 + 3 * i + 0.01 * k),
      ].sort((a, b) => a - b);
      const { fingers, alpha } = clipXmax.fit(Float64Array.from(values));
      expect({ fingers, alpha }, `spectrum ${i}`).toEqual(expected(values));
      if (fingers! > 0) {
        clipped++;
      }
    }
    expect(clipped).toBeGreaterThan(3);
  });

  it('stops where too little is left', () => {
    expect(clipXmax.fit(Float64Array.of(1, 2, 4)).fingers).toBe(0);
    expect(clipXmax.fit(Float64Array.of(1, 1, 1, 4, 4)).fingers).toBe(0);
  });
});
