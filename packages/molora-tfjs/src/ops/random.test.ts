import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { derivedSeed, permutation } from './random.js';

describe('derived seeds', () => {
  it('repeat with the seed and the name, and differ with either', () => {
    expect(derivedSeed(1, 'step 1')).toBe(derivedSeed(1, 'step 1'));
    const seeds = [derivedSeed(1, 'step 1'), derivedSeed(1, 'step 2'), derivedSeed(2, 'step 1')];
    expect(new Set(seeds).size).toBe(3);
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
