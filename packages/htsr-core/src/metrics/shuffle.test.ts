import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { shuffled } from './shuffle.js';

describe('a shuffled copy', () => {
  it.each([0, 1, 7, 1000, 2 ** 16 + 3])(
    'has the same %i values and leaves the original',
    (count) => {
      const values = Float32Array.from({ length: count }, (_, i) => i);
      const result = shuffled(values, seededRandom(1));
      expect(result).toBeInstanceOf(Float32Array);
      expect(result.toSorted()).toEqual(values);
      if (count > 1) expect(result).not.toEqual(values);
      expect(shuffled(values, seededRandom(1))).toEqual(result);
    },
  );

  it('has all orders of four elements equally often', () => {
    const random = seededRandom(2);
    const seen = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = shuffled(Float64Array.of(0, 1, 2, 3), random).join();
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    const chi2 = [...seen.values()].reduce((sum, times) => sum + (times - 1000) ** 2 / 1000, 0);
    // 23 degrees of freedom: mean 23, standard deviation 6.8.
    expect(chi2).toBeLessThan(23 + 4 * 6.8);
  });

  it('by piles, sends elements everywhere and neighbours apart', () => {
    const count = 2 ** 17;
    const values = Float64Array.from({ length: count }, (_, i) => i);
    const result = shuffled(values, seededRandom(3));
    const bins = new Array<number>(64 * 64).fill(0);
    let [near, fixed] = [0, 0];
    for (const [to, from] of result.entries()) {
      bins[Math.floor((from / count) * 64) * 64 + Math.floor((to / count) * 64)]! += 1;
      if (to === from) fixed++;
      if (to > 0 && Math.abs(from - result[to - 1]!) === 1) near++;
    }
    const expected = count / bins.length;
    const chi2 = bins.reduce((sum, times) => sum + (times - expected) ** 2 / expected, 0);
    // 63 x 63 degrees of freedom.
    expect(Math.abs(chi2 - 63 * 63)).toBeLessThan(4 * Math.sqrt(2 * 63 * 63));
    // Fixed points of a random order follow Poisson's law with mean 1, neighbours with mean 2.
    expect(fixed).toBeLessThan(8);
    expect(near).toBeLessThan(10);
  });
});
