import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.js';

const draw = (count: number, seed: number, name?: string): number[] => {
  const random = seededRandom(seed, name);
  return Array.from({ length: count }, () => random());
};

describe('seeded random numbers', () => {
  it('repeat with the seed and the name, and differ with either', () => {
    expect(draw(5, 1, 'a')).toEqual(draw(5, 1, 'a'));
    const firsts = [draw(1, 1, 'a'), draw(1, 2, 'a'), draw(1, 1, 'b'), draw(1, -1, 'a')];
    expect(new Set(firsts.flat()).size).toBe(4);
  });

  // Documents and training runs that are kept were drawn so.
  it('are those that were drawn in earlier versions', () => {
    const words = draw(3, 7, 'a').map((value) => value * 2 ** 32);
    expect(words).toEqual([1294132267, 459257153, 1016101309]);
  });

  it('are uniform: moments and a chi-squared test over 64 bins', () => {
    const count = 200_000;
    const values = draw(count, 7);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    // Standard errors: sqrt(1/12/n) of the mean, sqrt(4/45/n) of the second moment.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
    const second = values.reduce((sum, value) => sum + value * value, 0) / count;
    expect(Math.abs(second - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / count));
    const bins = new Array<number>(64).fill(0);
    for (const value of values) bins[Math.floor(64 * value)]! += 1;
    const expected = count / 64;
    const chi2 = bins.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: mean 63, standard deviation 11.2.
    expect(chi2).toBeLessThan(63 + 4 * 11.2);
  });

  it('of neighbouring seeds are not correlated', () => {
    const [a, b] = [draw(10_000, 1), draw(10_000, 2)];
    const covariance = a.reduce((sum, value, i) => sum + (value - 0.5) * (b[i]! - 0.5), 0) / 1e4;
    expect(Math.abs(covariance * 12)).toBeLessThan(0.04);
  });
});
