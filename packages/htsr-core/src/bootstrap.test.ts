import type { TailEstimator } from '@alphalora/contracts/extensions';
import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { bootstrapAlphas } from './bootstrap.js';
import { fixFingerStrict } from './estimators/fix-finger.js';
import { hill } from './estimators/hill.js';
import { ks } from './estimators/ks.js';
import { mean, middle95, standardDeviation } from './statistics.js';

/** A sample of density (alpha - 1) x^-alpha above 1, by inversion. */
function pareto(count: number, alpha: number, seed: number): Float64Array {
  const random = seededRandom(seed, 'pareto');
  return Float64Array.from({ length: count }, () => (1 - random()) ** (-1 / (alpha - 1))).sort();
}

const whole = (count: number): TailEstimator => hill({ k: count });

describe('the bootstrap of alpha', () => {
  const eigenvalues = pareto(400, 3, 1);

  it('repeats with the seed and changes with it', () => {
    const draw = (seed: number): number[] =>
      bootstrapAlphas({
        eigenvalues,
        alpha: 3,
        estimator: ks,
        draws: 5,
        random: seededRandom(seed),
      });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('spreads as the standard error says where the cut is fixed', () => {
    const estimator = whole(400);
    const random = seededRandom(3);
    const { alpha, stderr } = estimator.fit(eigenvalues);
    const draws = bootstrapAlphas({ eigenvalues, alpha, estimator, draws: 2000, random });
    expect(mean(draws)).toBeCloseTo(alpha, 1);
    // A standard deviation from 2000 draws has an error of 1.6 %, the law of large samples some more.
    expect(standardDeviation(draws) / stderr).toBeGreaterThan(0.9);
    expect(standardDeviation(draws) / stderr).toBeLessThan(1.1);
  });

  it('lies around the estimate, half of the draws to either side', () => {
    const { alpha } = fixFingerStrict.fit(eigenvalues);
    const draws = bootstrapAlphas({
      eigenvalues,
      alpha,
      estimator: fixFingerStrict,
      draws: 101,
      random: seededRandom(4),
    });
    expect(draws.filter((drawn) => drawn < alpha - 1e-12)).toHaveLength(50);
    expect(draws.every((drawn) => drawn > 1)).toBe(true);
  });

  it('stays above zero for laws with exponents below 1', () => {
    let next = 0;
    const flat: TailEstimator = {
      name: 'flat',
      fit: () => ({ alpha: [0.2, 0.4, 1.6][next++ % 3]!, xmin: 1, ks: 0, tail: 2, stderr: 0 }),
    };
    const random = seededRandom(1);
    const draws = bootstrapAlphas({ eigenvalues, alpha: 0.8, estimator: flat, draws: 3, random });
    expect(draws).toEqual([0.4, 0.8, 3.2]);
  });

  it('leaves out draws without a fit', () => {
    const twoValues = Float64Array.of(1, 2);
    const draws = bootstrapAlphas({
      eigenvalues: twoValues,
      alpha: 2,
      estimator: whole(2),
      draws: 400,
      random: seededRandom(1),
    });
    // Half of the samples of two have two equal values.
    expect(draws.length).toBeGreaterThan(160);
    expect(draws.length).toBeLessThan(240);
  });

  it('passes other errors on', () => {
    const broken: TailEstimator = {
      name: 'broken',
      fit() {
        throw new TypeError('defect');
      },
    };
    const random = seededRandom(1);
    const run = (): number[] =>
      bootstrapAlphas({ eigenvalues, alpha: 3, estimator: broken, draws: 1, random });
    expect(run).toThrow(TypeError);
  });
});

describe('Pareto samples', () => {
  const SAMPLES = 200;
  it.each([
    ['hill over the whole sample', whole(1e6), 300, 2.5],
    ['ks', ks, 300, 3.5],
    ['fix-finger-strict', fixFingerStrict, 300, 2],
  ] as const)('%s recovers the exponent; the interval covers it', (_, estimator, count, alpha) => {
    let covered = 0;
    let far = 0;
    for (let seed = 0; seed < SAMPLES; seed++) {
      const eigenvalues = pareto(count, alpha, seed);
      const fit = estimator.fit(eigenvalues);
      if (Math.abs(fit.alpha - alpha) > 3 * fit.stderr) far++;
      const random = seededRandom(seed, 'bootstrap');
      const [low, high] = middle95(
        bootstrapAlphas({ eigenvalues, alpha: fit.alpha, estimator, draws: 200, random }),
      )!;
      if (low <= alpha && alpha <= high) covered++;
    }
    // Three standard errors leave out 0.3 %, that is 0.5 of 200; a cut that is chosen adds to it.
    expect(far).toBeLessThanOrEqual(4);
    expect(covered / SAMPLES).toBeGreaterThanOrEqual(0.92);
    expect(covered / SAMPLES).toBeLessThanOrEqual(0.98);
  });
});
