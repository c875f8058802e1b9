import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hill } from './estimators/hill.js';
import { summarize } from './summary.js';

describe('the summary of a spectrum', () => {
  it('counts in equal bins of log10 lambda', () => {
    const { range, counts } = summarize(Float64Array.of(1, 10 ** 0.505, 10 ** 0.995, 10));
    expect(range).toEqual([1, 10]);
    expect(counts).toHaveLength(100);
    expect(counts.flatMap((count, bin) => (count ? [[bin, count]] : []))).toEqual([
      ...[
        [0, 1],
        [50, 1],
        [99, 2],
      ],
    ]);
  });

  it('has the exponent of every cut that it lists', () => {
    const eigenvalues = Float64Array.from({ length: 300 }, (_, i) => (i + 1) ** 2);
    const { cuts } = summarize(eigenvalues);
    expect(cuts.tail[0]).toBe(5);
    expect(cuts.tail.at(-1)).toBe(300);
    for (const [i, k] of cuts.tail.entries()) {
      expect(cuts.alpha[i]).toBe(hill({ k }).fit(eigenvalues).alpha);
    }
  });

  it('counts every eigenvalue once, whatever the spectrum', () => {
    const positive = fc.double({ min: 1e-30, max: 1e30, noNaN: true });
    fc.assert(
      fc.property(
        fc.float64Array({ minLength: 2, maxLength: 60, noNaN: true }),
        positive,
        (raw, scale) => {
          const eigenvalues = raw
            .map((value) => scale * (1 + Math.min(1e6, Math.abs(value))))
            .sort();
          const { counts, cuts } = summarize(eigenvalues);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(eigenvalues.length);
          expect(cuts.tail).toHaveLength(cuts.alpha.length);
          expect(cuts.alpha.every((alpha) => alpha > 1 && Number.isFinite(alpha))).toBe(true);
        },
      ),
    );
  });
});
