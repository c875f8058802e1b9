import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { homogeneity } from './homogeneity.js';

/** Scores of 12 blocks with ln(alpha - 1) normal about `logs`, and 200 draws about them. */
function sample(seed: number, logs: readonly number[], deviation: number, drawn = deviation) {
  const random = seededRandom(seed, 'homogeneity');
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const scores = logs.map((log) => log + deviation * normal());
  const about = (log: number): number => 1 + Math.exp(log + drawn * normal());
  const draws = Array.from({ length: 200 }, () => scores.map(about));
  return [scores.map((log) => 1 + Math.exp(log)), draws] as const;
}

const alike = Array<number>(12).fill(0.5);

describe('blocks', () => {
  const told = (logs: readonly number[], deviation: number, drawn?: number): number => {
    const seeds = Array.from({ length: 100 }, (_, seed) => seed);
    const ps = seeds.map((seed) => homogeneity(...sample(seed, logs, deviation, drawn))!);
    return ps.filter((p) => p <= 0.05).length / seeds.length;
  };

  it('that are alike are not told apart, also where draws spread half as far as they should', () => {
    expect(told(alike, 0.05)).toBe(0);
    expect(told(alike, 0.05, 0.025)).toBeLessThan(0.12);
  });

  it('that differ by several deviations are', () => {
    expect(
      told(
        alike.map((log, i) => log + 0.02 * i),
        0.01,
      ),
    ).toBe(1);
  });

  it('have the share of the draws that lie as far apart, by hand', () => {
    // Two blocks with equal draws: Q is half of the squared difference, over the variance.
    const draws = Array.from({ length: 40 }, (_, i) => [i % 2 ? 2 : 3, i % 4 < 2 ? 2 : 3]);
    // Half of the draws are as far apart as they can be, ln 2; the others are equal.
    expect(homogeneity([2, 3], draws)).toBe(21 / 41);
    expect(homogeneity([2, 9.1], draws)).toBe(1 / 41);
    expect(homogeneity([2, 2], draws)).toBe(1);
  });

  it('without a score do not count; too few blocks or draws tell nothing', () => {
    const [scores, draws] = sample(1, alike, 0.05);
    const more = draws.map((row) => [...row, Number.NaN]);
    expect(homogeneity([...scores, Number.NaN], more)).toBe(homogeneity(scores, draws));
    expect(homogeneity([2], draws)).toBeUndefined();
    expect(homogeneity(scores, draws.slice(0, 39))).toBeUndefined();
    expect(homogeneity([2, 3], Array(50).fill([2, 3]))).toBeUndefined();
  });
});
