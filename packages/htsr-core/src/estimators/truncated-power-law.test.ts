import { type Random, seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { ks } from './ks.js';
import { fitAt, powerLawFits } from './power-law.js';
import { quadrature } from './quadrature.js';
import { extendedTpl, tpl, withCutOff } from './truncated-power-law.js';

/** Draws from t^-alpha exp(-rate t) above xmin: a power law, thinned by the cut-off. */
function sample(
  given: { alpha: number; rate: number; xmin: number; count: number },
  random: Random,
): Float64Array {
  const { alpha, rate, xmin, count } = given;
  return Float64Array.from({ length: count }, () => {
    for (;;) {
      const value = xmin * (1 - random()) ** (-1 / (alpha - 1));
      if (random() < Math.exp(-rate * (value - xmin))) return value;
    }
  }).sort();
}

/** Without a search for the cut, which would prefer samples that look like a pure law. */
const fitAll = (eigenvalues: Float64Array) =>
  withCutOff(eigenvalues, fitAt(powerLawFits(eigenvalues), 0));

/** Mean log-likelihood, its normalisation by Simpson's rule over s = xmin / lambda in (0, 1]. */
function logLikelihood(tail: Float64Array, alpha: number, rate: number): number {
  const xmin = tail[0]!;
  const steps = 40_000;
  let norm = 0;
  for (let i = 1; i <= steps; i++) {
    const s = i / steps;
    const weight = i === steps ? 1 : i % 2 ? 4 : 2;
    norm += weight * s ** (alpha - 2) * Math.exp(-rate * xmin * (1 / s - 1));
  }
  norm *= xmin / (3 * steps);
  const sum = tail.reduce(
    (total, value) => total - alpha * Math.log(value / xmin) - rate * (value - xmin),
    0,
  );
  return sum / tail.length - Math.log(norm);
}

describe('quadrature', () => {
  it('is exact for polynomials up to degree 31 and right for others', () => {
    let [power, exponential] = [0, 0];
    quadrature(0, 2, 1, (x, weight) => {
      power += weight * x ** 31;
    });
    quadrature(-3, 40, 64, (x, weight) => {
      exponential += weight * Math.exp(-x);
    });
    expect(power / (2 ** 32 / 32)).toBeCloseTo(1, 13);
    expect(exponential / Math.exp(3)).toBeCloseTo(1, 13);
  });
});

describe('truncated power law', () => {
  it.each([
    { alpha: 1.5, rate: 0.05, xmin: 1, count: 4000 },
    { alpha: 2.5, rate: 0.3, xmin: 2, count: 4000 },
    { alpha: 3.5, rate: 20, xmin: 0.01, count: 4000 },
    { alpha: 1.2, rate: 1e-6, xmin: 100, count: 2000 },
  ])('recovers what was drawn: %o', (given) => {
    for (const seed of [1, 2, 3]) {
      const fit = fitAll(sample(given, seededRandom(seed)));
      expect(Math.abs(fit.alpha - given.alpha)).toBeLessThan(3 * fit.stderr);
      expect(fit.lambda! / given.rate).toBeGreaterThan(0.5);
      expect(fit.lambda! / given.rate).toBeLessThan(2);
    }
  });

  it('has honest standard errors: the spread over many samples of one cut', () => {
    const given = { alpha: 2, rate: 0.2, xmin: 1, count: 300 };
    const deviations = Array.from({ length: 400 }, (_, seed) => {
      const fit = fitAll(sample(given, seededRandom(seed)));
      return (fit.alpha - given.alpha) / fit.stderr;
    });
    // Of 400, 380 on average with a standard deviation of 4.4; small samples are a little biased.
    const within = deviations.filter((deviation) => Math.abs(deviation) < 1.96).length;
    expect(within).toBeGreaterThan(360);
    expect(within).toBeLessThan(396);
  });

  it.each([
    { alpha: 1.5, rate: 0.05, xmin: 1, count: 300 },
    { alpha: 2.5, rate: 0.3, xmin: 2, count: 60 },
    { alpha: 3.5, rate: 20, xmin: 0.01, count: 1000 },
  ])('is a maximum of a likelihood computed otherwise: %o', (given) => {
    const eigenvalues = sample(given, seededRandom(9));
    const { alpha, lambda, tail, stderr } = tpl.fit(eigenvalues);
    const values = eigenvalues.slice(-tail);
    const at = (da: number, dr: number): number =>
      logLikelihood(values, alpha + da, lambda! * (1 + dr));
    const best = at(0, 0);
    const [da, dr] = [stderr / 10, 0.02];
    const slope = (at(da, 0) - at(-da, 0)) / (2 * da);
    const slopeRate = (at(0, dr) - at(0, -dr)) / (2 * dr);
    const curvature = (at(da, 0) + at(-da, 0) - 2 * best) / da ** 2;
    const curvatureRate = (at(0, dr) + at(0, -dr) - 2 * best) / dr ** 2;
    const mixed = (at(da, dr) + at(-da, -dr) - at(da, -dr) - at(-da, dr)) / (4 * da * dr);
    expect(curvature).toBeLessThan(0);
    // The Newton step of the differences is far shorter than they are.
    expect(Math.abs(slope / curvature)).toBeLessThan(da / 50);
    expect(Math.abs(slopeRate / curvatureRate)).toBeLessThan(dr / 5);
    const determinant = curvature * curvatureRate - mixed ** 2;
    const expected = Math.sqrt(-curvatureRate / determinant / tail);
    expect(Math.abs(stderr / expected - 1)).toBeLessThan(0.02);
  });

  it('measures the KS distance to the truncated law', () => {
    const eigenvalues = sample({ alpha: 2, rate: 0.5, xmin: 1, count: 40 }, seededRandom(4));
    const fit = tpl.fit(eigenvalues);
    const values = eigenvalues.slice(-fit.tail);
    // The cumulative distribution by the trapezoidal rule in ln lambda.
    const steps = 200_000;
    const width = Math.log(1e4) / steps;
    const densities = Float64Array.from({ length: steps }, (_, i) => {
      const value = fit.xmin * Math.exp((i + 0.5) * width);
      return (value / fit.xmin) ** (1 - fit.alpha) * Math.exp(-fit.lambda! * (value - fit.xmin));
    });
    const norm = densities.reduce((a, b) => a + b);
    let [distance, below, step] = [0, 0, 0];
    for (const [j, value] of values.entries()) {
      for (; (step + 0.5) * width < Math.log(value / fit.xmin); step++) below += densities[step]!;
      distance = Math.max(distance, Math.abs(below / norm - j / values.length));
    }
    expect(fit.ks).toBeCloseTo(distance, 4);
  });

  it('is the pure law where no cut-off raises the likelihood', () => {
    // Heavier than any power law with this mean of logarithms.
    const eigenvalues = Float64Array.from({ length: 400 }, (_, i) =>
      i === 399 ? 1e4 : (1 - (i + 0.5) / 400) ** (-1 / 2.5),
    );
    const pure = ks.fit(eigenvalues);
    expect(pure.alpha).toBeGreaterThan(2);
    expect(tpl.fit(eigenvalues)).toEqual({ ...pure, lambda: 0 });
  });

  it('does not depend on scale', () => {
    const eigenvalues = sample({ alpha: 2, rate: 0.2, xmin: 1, count: 500 }, seededRandom(6));
    for (const estimator of [tpl, extendedTpl]) {
      const fit = estimator.fit(eigenvalues);
      const scaled = estimator.fit(eigenvalues.map((value) => value * 1024));
      expect(scaled.alpha).toBeCloseTo(fit.alpha, 9);
      expect(scaled.tail).toBe(fit.tail);
      expect(scaled.lambda! * 1024).toBeCloseTo(fit.lambda!, 9);
    }
  });

  it.each([
    [1, 2],
    [1, 1, 1, 5],
    [1, 1e6, 1e12],
    [1e-200, 2e-200, 3e-200, 5e-200],
  ])('gives finite numbers for tiny tails: %d, %d ...', (...values) => {
    const { alpha, lambda, stderr, ks: distance } = tpl.fit(Float64Array.from(values));
    for (const value of [alpha, lambda, stderr, distance]) expect(value).toSatisfy(Number.isFinite);
    expect(lambda).toBeGreaterThanOrEqual(0);
    expect(distance).toBeLessThanOrEqual(1);
  });

  it.each([
    ['an equal spread', (share: number) => 1 + share],
    ['a density that rises', (share: number) => 1 + Math.sqrt(share)],
  ])('says nothing where an exponential fits better above any cut: %s', (_, quantile) => {
    const eigenvalues = Float64Array.from({ length: 200 }, (_, i) => quantile((i + 0.5) / 200));
    const fit = tpl.fit(eigenvalues);
    expect(fit.weak).toMatch(/an exponential fits better, as above other cuts/);
    expect(fit).toMatchObject({ alpha: ks.fit(eigenvalues).alpha, lambda: 0 });
  });

  it('takes another cut where there is no power law above the first', () => {
    // The pure law looks best above the upper half of this sample, an exponential by then.
    const eigenvalues = sample({ alpha: 1.2, rate: 0.5, xmin: 1, count: 100 }, seededRandom(1));
    const cut = ks.fit(eigenvalues);
    expect(() => withCutOff(eigenvalues, cut)).toThrow(/no power law above the cut/);
    const fit = tpl.fit(eigenvalues);
    expect(fit.weak).toBeUndefined();
    expect(fit.alpha).toBeGreaterThan(0);
    expect(fit.tail).not.toBe(cut.tail);
  });
});
