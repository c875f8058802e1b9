import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detX } from './det-x.js';

/** The definition in whole numbers: N^k product of the k largest < (sum of all)^k. */
function exact(eigenvalues: readonly number[]): { count: number; index: number } {
  const all = eigenvalues.map(BigInt);
  const size = BigInt(all.length);
  const sum = all.reduce((total, value) => total + value, 0n);
  for (let count = 1; count < all.length; count++) {
    const product = all.slice(-count).reduce((value, factor) => value * factor, 1n);
    if (size ** BigInt(count) * product < sum ** BigInt(count)) {
      return { count, index: all.length - count };
    }
  }
  return { count: all.length, index: 0 };
}

describe('detX', () => {
  it('ends at the first zero: 90 zeros and 10 ones', () => {
    const eigenvalues = new Float64Array(100).fill(1, 90);
    expect(detX(eigenvalues)).toEqual({ count: 11, index: 89 });
  });

  it('agrees with products of whole numbers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 30 }),
        (values) => {
          const ascending = values.toSorted((a, b) => a - b);
          // A product of exactly one is a matter of rounding.
          const mean = ascending.reduce((a, b) => a + b) / ascending.length;
          let log = 0;
          for (const value of ascending.toReversed()) {
            log += Math.log(value / mean);
            fc.pre(Math.abs(log) > 1e-9);
          }
          expect(detX(Float64Array.from(ascending))).toEqual(exact(ascending));
        },
      ),
      { seed: 5, numRuns: 500 },
    );
  });

  it('neither overflows nor depends on scale', () => {
    const heavy = Float64Array.from({ length: 20_000 }, (_, i) => (1 - i / 20_001) ** -0.9);
    const { count, index } = detX(heavy);
    expect(count + index).toBe(20_000);
    expect(detX(heavy.map((value) => value * 2 ** -200))).toEqual({ count, index });
    // Far from both ends: an overflow would have run through to the last.
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(19_000);
  });
});
