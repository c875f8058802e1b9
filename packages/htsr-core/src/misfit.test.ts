import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { hill } from './estimators/hill.js';
import { ks } from './estimators/ks.js';
import { spectralUnits } from './matrices.js';
import { measureUnit } from './measure.js';
import { misfitReason } from './misfit.js';
import { weightFromValues } from './values.js';

/** A power law of `tail` values above 1, and below it a bulk that ends at 1 as that of a matrix does. */
function sample(seed: number, count: number, tail: number): Float64Array {
  const random = seededRandom(seed, 'misfit');
  return Float64Array.from({ length: count }, (_, i) =>
    i < tail ? (1 - random()) ** (-1 / 2) : Math.sin((Math.PI / 2) * random()) ** 2,
  ).sort();
}

describe('a given cut', () => {
  const misfits = (count: number, tail: number, estimator = hill({ share: 0.5 })): number => {
    let marked = 0;
    for (let seed = 0; seed < 400; seed++) {
      const eigenvalues = sample(seed, count, tail);
      if (misfitReason(estimator.fit(eigenvalues)) !== undefined) marked++;
    }
    return marked / 400;
  };

  it('in a power law is marked by chance alone', () => {
    expect(misfits(300, 300)).toBeLessThan(0.06);
    expect(misfits(300, 100, hill({ share: 0.25 }))).toBeLessThan(0.06);
  });

  it('in the bulk is marked', () => {
    expect(misfits(300, 60)).toBeGreaterThan(0.99);
    expect(misfits(300, 30)).toBeGreaterThan(0.99);
  });

  it('is named in the row, for estimators that do not look for it', async () => {
    const random = seededRandom(1);
    const values = Float64Array.from({ length: 200 * 210 }, () => random() - 0.5);
    const [unit] = spectralUnits(weightFromValues({ name: 'w', shape: [200, 210], values }));
    const options = { engine: createReferenceEngine(), draws: 0 };
    const row = await measureUnit(unit!, { ...options, estimator: hill() });
    expect(row.misfit).toMatch(/^the 50 largest eigenvalues are no power law: KS 0\.\d{3}, above/);
    expect(await measureUnit(unit!, { ...options, estimator: ks })).not.toHaveProperty('misfit');
  });
});
