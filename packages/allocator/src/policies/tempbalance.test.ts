import { describe, expect, it } from 'vitest';
import { optionsFor } from '../host/ask.js';
import { sampleBudget, sampleLayers, sampleRequest } from '../testing/sample.js';
import { tempbalance } from './tempbalance.js';

const defaults = { low: 0.5, high: 1.5, tau: 10, strength: 1 };

async function factors(
  scores: readonly number[],
  schedule: 'linear' | 'sqrt' | 'log2' | 'step' | 'sigmoid',
): Promise<readonly number[]> {
  const layers = sampleLayers(scores);
  const budget = sampleBudget('learning-rate', scores.length);
  const options = { ...defaults, schedule };
  const answer = await tempbalance.allocate(sampleRequest({ layers, options, budget }));
  return 'values' in answer ? answer.values : [];
}

describe('tempbalance', () => {
  it('linear: from 0.5 at the lowest alpha to 1.5 at the highest', async () => {
    expect(await factors([2, 6, 3], 'linear')).toEqual([0.5, 1.5, 0.75]);
    expect(await factors([4, 4], 'linear')).toEqual([1, 1]);
  });

  it('sqrt: roots 2, 3 and 4 over their mean, 3', async () => {
    expect(await factors([4, 9, 16], 'sqrt')).toEqual([2 / 3, 1, 4 / 3]);
  });

  it('log2: logarithms 1, 2 and 3 over their mean, 2', async () => {
    expect(await factors([2, 4, 8], 'log2')).toEqual([0.5, 1, 1.5]);
    await expect(factors([0.5, 4], 'log2')).rejects.toThrow(/scores above 1; layer 0 has 0.5/);
  });

  it('step: by rank alone, as numpy.argsort has them; equal alphas alike', async () => {
    // i / 4 of the way for the i-th lowest, as the released code computes it.
    expect(await factors([2, 9, 3, 90], 'step')).toEqual([0.5, 1, 0.75, 1.25]);
    expect(await factors([2, 3, 3, 90], 'step')).toEqual([0.5, 0.875, 0.875, 1.25]);
  });

  it('sigmoid: 1 at the mean; 10^(3/10) where the sigmoid is 0.8', async () => {
    // 1 / (1 + e^-x) = 0.8 at x = ln 4, and 0.2 at -ln 4.
    const step = Math.log(4) / 10;
    const [below, mean, above] = await factors([3 - step, 3, 3 + step], 'sigmoid');
    expect(mean).toBe(1);
    expect(above).toBeCloseTo(1.9952623149688795, 12);
    expect(below).toBeCloseTo(1 / 1.9952623149688795, 12);
    // However far: sqrt(10).
    expect((await factors([0, 1000], 'sigmoid'))[1]).toBeCloseTo(Math.sqrt(10), 12);
  });

  it('is linear by default, and refuses a range the wrong way round', async () => {
    const { validate } = tempbalance.options!['~standard'];
    expect(await validate({})).toMatchObject({ value: { ...defaults, schedule: 'linear' } });
    expect((await validate({ low: 2 })).issues?.[0]?.message).toMatch(/low must not be above high/);
    const guard = { name: 'tempbalance', timeout: 1000 };
    await expect(optionsFor(tempbalance, { slow: 2 }, guard)).rejects.toThrow(
      /no option "slow": did you mean low\? its options are schedule, low, high, tau, strength$/,
    );
  });
});
