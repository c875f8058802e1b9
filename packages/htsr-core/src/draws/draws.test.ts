import type { TailEstimator } from '@alphalora/contracts/extensions';
import { type Random, seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../engines/ml-matrix.js';
import { fixFingerStrict } from '../estimators/fix-finger.js';
import { hill } from '../estimators/hill.js';
import { estimators } from '../estimators/index.js';
import { ks } from '../estimators/ks.js';
import { mean, middle95, standardDeviation } from '../statistics.js';
import { baggedAlpha } from './bag.js';
import { drawnAlphas, drawsRecord } from './index.js';
import { rigidly } from './rigid.js';

/** A sample of density (alpha - 1) x^-alpha above 1, by inversion. */
function pareto(count: number, alpha: number, seed: number): Float64Array {
  const random = seededRandom(seed, 'pareto');
  return Float64Array.from({ length: count }, () => (1 - random()) ** (-1 / (alpha - 1))).sort();
}

const whole = (count: number): TailEstimator => hill({ k: count });
const eigenvalues = pareto(400, 3, 1);
const given = { kind: 'bootstrap', eigenvalues, alpha: 3, estimator: ks, count: 5 } as const;

describe('draws', () => {
  it.each(['rigid', 'bootstrap'] as const)('%s, repeat with the seed, change with it', (kind) => {
    const draw = (seed: number): number[] =>
      drawnAlphas({ ...given, kind, random: seededRandom(seed) });
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it.each(['rigid', 'bootstrap'] as const)('%s, lie around the estimate', (kind) => {
    const estimator = fixFingerStrict;
    const { alpha } = estimator.fit(eigenvalues);
    const random = seededRandom(4);
    const draws = drawnAlphas({ kind, eigenvalues, alpha, estimator, count: 101, random });
    expect(draws.filter((drawn) => drawn < alpha - 1e-12)).toHaveLength(50);
    expect(draws.every((drawn) => drawn > 1)).toBe(true);
  });

  it('stay above zero for laws with exponents below 1', () => {
    let next = 0;
    const flat: TailEstimator = {
      name: 'flat',
      fit: () => ({ alpha: [0.2, 0.4, 1.6][next++ % 3]!, xmin: 1, ks: 0, tail: 2, stderr: 0 }),
    };
    const random = seededRandom(1);
    const draws = drawnAlphas({ ...given, alpha: 0.8, estimator: flat, count: 3, random });
    expect(draws).toEqual([0.4, 0.8, 3.2]);
  });

  it('leave out samples without a fit', () => {
    const draws = drawnAlphas({
      ...{ kind: 'bootstrap', eigenvalues: Float64Array.of(1, 2), alpha: 2 },
      ...{ estimator: whole(2), count: 400, random: seededRandom(1) },
    });
    // Half of the samples of two have two equal values.
    expect(draws.length).toBeGreaterThan(160);
    expect(draws.length).toBeLessThan(240);
  });

  it('pass other errors on', () => {
    const broken: TailEstimator = {
      name: 'broken',
      fit() {
        throw new TypeError('defect');
      },
    };
    const run = (): number[] =>
      drawnAlphas({ ...given, estimator: broken, count: 1, random: seededRandom(1) });
    expect(run).toThrow(TypeError);
  });

  it('are of one kind', () => {
    expect(drawsRecord({})).toEqual({ draws: 200 });
    expect(drawsRecord({ bootstrap: 0 })).toEqual({ bootstrap: 0 });
    // None of one kind contradicts nothing.
    expect(drawsRecord({ draws: 0, bootstrap: 0 })).toEqual({ bootstrap: 0 });
    expect(drawsRecord({ draws: 0, bootstrap: 9 })).toEqual({ bootstrap: 9 });
    expect(drawsRecord({ draws: 9, bootstrap: 0 })).toEqual({ draws: 9 });
    expect(() => drawsRecord({ draws: 1, bootstrap: 1 })).toThrow(/one of the two/);
  });
});

describe('rigid draws', () => {
  /** As it is asked for one number for each eigenvalue. */
  const numbers = (...values: number[]): Random => {
    let next = 0;
    return () => values[next++]!;
  };

  it('move each eigenvalue by up to a rank, and beyond the ends by the last spacing', () => {
    const draw = rigidly(Float64Array.of(1, 2, 8));
    expect([...draw(numbers(0.5, 0.5, 0.5))]).toEqual([1, 2, 8].map((x) => expect.closeTo(x, 12)));
    // Half a rank down; half a rank up; a rank down, which is the middle one's place.
    const moved = [1 / Math.SQRT2, 2, 4].map((x) => expect.closeTo(x, 12));
    expect([...draw(numbers(0.25, 0.75, 0))]).toEqual(moved);
    expect(draw(numbers(0.5, 0.5, 0.75))[2]).toBeCloseTo(16, 12);
  });

  it('of two eigenvalues leave two', () => {
    const random = seededRandom(1);
    for (let i = 0; i < 100; i++) {
      const [low, high] = rigidly(Float64Array.of(1, 4))(random);
      expect(low).toBeGreaterThan(0.25 - 1e-12);
      expect(high).toBeLessThan(16 + 1e-12);
    }
  });
});

describe('a bagged alpha', () => {
  it('is the geometric mean of what the exponents of draws have above 1', () => {
    let next = 0;
    const two: TailEstimator = {
      name: 'two',
      fit: () => ({ alpha: [2, 5][next++ % 2]!, xmin: 1, ks: 0, tail: 2, stderr: 0 }),
    };
    const bagged = baggedAlpha({ eigenvalues, estimator: two, bag: 64, random: seededRandom(1) })!;
    expect(bagged.alpha).toBeCloseTo(3, 12);
    // ln 1 and ln 4 in turn.
    expect(bagged.variance).toBeCloseTo((Math.log(2) ** 2 * 64) / 63, 12);
  });

  it('is none where no draw has a fit', () => {
    const equal = { eigenvalues: Float64Array.of(1, 1, 1), bag: 4, random: seededRandom(1) };
    expect(baggedAlpha({ ...equal, estimator: ks })).toBeUndefined();
  });
});

describe('independent Pareto samples', () => {
  it('spread as the standard error says where the cut is fixed', () => {
    const estimator = whole(400);
    const random = seededRandom(3);
    const { alpha, stderr } = estimator.fit(eigenvalues);
    const draws = drawnAlphas({ ...given, alpha, estimator, count: 2000, random });
    expect(mean(draws)).toBeCloseTo(alpha, 1);
    // A standard deviation from 2000 draws has an error of 1.6 %, the law of large samples some more.
    expect(standardDeviation(draws) / stderr).toBeGreaterThan(0.9);
    expect(standardDeviation(draws) / stderr).toBeLessThan(1.1);
  });

  const SAMPLES = 200;
  it.each([
    ['hill over the whole sample', whole(1e6), 300, 2.5],
    ['hill over a quarter', hill({ share: 0.25 }), 300, 2.5],
    ['ks', ks, 300, 3.5],
    ['fix-finger-strict', fixFingerStrict, 300, 2],
  ] as const)('%s recovers the exponent; the bootstrap covers it', (_, estimator, size, alpha) => {
    let covered = 0;
    let far = 0;
    for (let seed = 0; seed < SAMPLES; seed++) {
      const sample = pareto(size, alpha, seed);
      const fit = estimator.fit(sample);
      if (Math.abs(fit.alpha - alpha) > 3 * fit.stderr) far++;
      const random = seededRandom(seed, 'bootstrap');
      const [low, high] = middle95(
        drawnAlphas({
          ...{ kind: 'bootstrap', eigenvalues: sample, alpha: fit.alpha, estimator },
          ...{ count: 200, random },
        }),
      )!;
      if (low <= alpha && alpha <= high) covered++;
    }
    // Three standard errors leave out 0.3 %, that is 0.5 of 200; a cut that is chosen adds to it.
    expect(far).toBeLessThanOrEqual(4);
    expect(covered / SAMPLES).toBeGreaterThanOrEqual(0.9);
    expect(covered / SAMPLES).toBeLessThanOrEqual(0.98);
  });
});

describe('Wishart matrices', async () => {
  /**
   * Replicates of a matrix with Gaussian rows whose covariance has the spectrum of a Pareto tail: how
   * much an exponent truly varies. Eigenvalues repel one another as in weights.
   */
  const REPLICATES = 24;
  const [rows, columns, tail] = [144, 72, 3];
  const engine = createReferenceEngine();
  const random = seededRandom(11, 'wishart');
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const scales = Array.from(
    { length: columns },
    (_, i) => (1 - (i + 0.5) / columns) ** (-0.5 / (tail - 1)),
  );
  const spectra: Float64Array[] = [];
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    const values = Float64Array.from({ length: rows * columns }, (_, i) => {
      return normal() * scales[i % columns]!;
    });
    const singular = await engine.singularValues({
      ...{ name: 'w', rows, columns, dtype: 'F64' },
      read: async (start = 0, end = rows) => values.subarray(start * columns, end * columns),
    });
    spectra.push(singular.map((value) => value * value).sort());
  }
  const deviation = (alphas: readonly number[]): number =>
    standardDeviation(alphas.map((alpha) => Math.log(alpha - 1)));

  it.each([
    ['fix-finger', await estimators.load('fix-finger'), undefined],
    ['fix-finger-strict', fixFingerStrict, undefined],
    ['fix-finger bagged', await estimators.load('fix-finger'), 16],
    ['ks', ks, undefined],
    ['ks bagged', ks, 16],
    ['hill over a half', hill({ share: 0.5 }), undefined],
    ['hill over a quarter', hill({ share: 0.25 }), undefined],
    ['clip-xmax', await estimators.load('clip-xmax'), undefined],
  ])('%s varies as rigid draws say, within a factor of two', (_, estimator, bag) => {
    const found = spectra.map((spectrum, i) => {
      const random = seededRandom(i, 'rigid');
      const single = estimator.fit(spectrum).alpha;
      const bagged = bag && baggedAlpha({ eigenvalues: spectrum, estimator, bag, random });
      const alpha = bagged ? bagged.alpha : single;
      const draws = drawnAlphas({
        ...{ kind: 'rigid', eigenvalues: spectrum, alpha, estimator, bag, count: 60, random },
      });
      return { alpha, variance: deviation(draws) ** 2 };
    });
    const truth = deviation(found.map(({ alpha }) => alpha));
    const drawn = Math.sqrt(mean(found.map(({ variance }) => variance)));
    expect(drawn / truth).toBeGreaterThan(0.5);
    expect(drawn / truth).toBeLessThan(2);
  });
});
