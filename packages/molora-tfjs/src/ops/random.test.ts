import { describe, expect, it } from 'vitest';
import { derivedSeed, permutation, seededRandom } from './random.js';

describe('seeded random numbers', () => {
  it('repeat with the seed and the name, and differ with either', () => {
    const first = (seed: number, name?: string): number => seededRandom(seed, name)();
    expect(first(1, 'a')).toBe(first(1, 'a'));
    expect(new Set([first(1, 'a'), first(2, 'a'), first(1, 'b'), first(-1, 'a')]).size).toBe(4);
    expect(derivedSeed(1, 'step 1')).not.toBe(derivedSeed(1, 'step 2'));
  });

  it('are uniform: a chi-squared test over 64 bins', () => {
    const random = seededRandom(7);
    const bins = new Array<number>(64).fill(0);
    for (let i = 0; i < 64_000; i++) bins[Math.floor(64 * random())]! += 1;
    const chi2 = bins.reduce((sum, seen) => sum + (seen - 1000) ** 2 / 1000, 0);
    // 63 degrees of freedom: mean 63, standard deviation 11.2.
    expect(chi2).toBeLessThan(63 + 4 * 11.2);
    expect(chi2).toBeGreaterThan(63 - 4 * 11.2);
  });
});

describe('a permutation', () => {
  it('reaches all orders of three about equally often', () => {
    const random = seededRandom(5);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = permutation(3, random).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    // Standard deviation sqrt(6000 * 1/6 * 5/6) = 29.
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * 29);
  });
});
