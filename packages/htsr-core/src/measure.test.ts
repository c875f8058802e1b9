import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { hill } from './estimators/hill.js';
import { spectralUnits } from './matrices.js';
import { measureRecord, measureUnit } from './measure.js';
import { weightFromValues } from './values.js';

const random = seededRandom(2);
const values = Float64Array.from({ length: 40 * 60 }, () => random() - 0.5);
const [unit] = spectralUnits(weightFromValues({ name: 'w', shape: [40, 60], values }));
const options = { engine: createReferenceEngine(), estimator: hill() };

describe('a measured unit', () => {
  it('has a fit, an interval around it, metrics and a spectrum to draw', async () => {
    const { alpha, interval, draws, metrics, spectrum, warning, precision } = await measureUnit(
      unit!,
      options,
    );
    expect(precision).toBe('f64');
    expect(draws).toHaveLength(200);
    expect(interval![0]).toBeLessThan(alpha);
    expect(interval![1]).toBeGreaterThan(alpha);
    expect(metrics).toHaveProperty('stable_rank');
    expect(metrics).not.toHaveProperty('rand_distance');
    expect(spectrum!.counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(warning).toBeUndefined();
  });

  it('has a warning by WeightWatcher’s bounds where the estimator looks for its cut, and none at a given one', async () => {
    // A spectrum whose largest eigenvalues fall much faster than those of trained matrices.
    const given = hill({ share: 0.1 });
    const { fixedCut, ...looking } = given;
    expect(fixedCut).toBe(true);
    const at = await measureUnit(unit!, { ...options, estimator: given });
    expect(at.alpha).toBeGreaterThan(6);
    expect(at).not.toHaveProperty('warning');
    const looked = await measureUnit(unit!, { ...options, estimator: looking });
    expect(looked.alpha).toBe(at.alpha);
    expect(looked.warning).toBe(at.alpha > 8 ? 'spurious' : 'under-trained');
  });

  it('is the same whatever was measured before, and another for another seed', async () => {
    const once = await measureUnit(unit!, options);
    expect(await measureUnit(unit!, options)).toEqual(once);
    const other = await measureUnit(unit!, { ...options, seed: 1 });
    expect(other.draws).not.toEqual(once.draws);
    expect(other.alpha).toBe(once.alpha);
  });

  it('has a bagged alpha beside that of the one fit, and metrics that follow from it', async () => {
    const once = await measureUnit(unit!, options);
    const bagged = await measureUnit(unit!, { ...options, bag: 8 });
    expect(bagged).toMatchObject({ unbagged: once.alpha, tail: once.tail, xmin: once.xmin });
    expect(bagged.alpha).not.toBe(once.alpha);
    expect(Math.abs(bagged.alpha - once.alpha)).toBeLessThan(once.stderr);
    const largest = bagged.metrics['lambda_max']!;
    expect(bagged.metrics['alpha_weighted']).toBe(bagged.alpha * Math.log10(largest));
    expect(measureRecord({ ...options, bag: 8, minTail: 30 })).toMatchObject({
      ...{ bag: 8, minTail: 30, draws: 200 },
    });
    await expect(measureUnit(unit!, { ...options, bag: 0 })).rejects.toThrow(/bag must be/);
  });

  it('is marked where its tail is thin, and counts all the same', async () => {
    const { thin, weak, interval } = await measureUnit(unit!, { ...options, minTail: 11 });
    expect(thin).toBe('10 eigenvalues in the tail, fewer than 11');
    expect(weak).toBeUndefined();
    expect(interval).toBeDefined();
    expect(await measureUnit(unit!, { ...options, minTail: 10 })).not.toHaveProperty('thin');
  });

  it('fits what is above a threshold, and has the metrics of all', async () => {
    const eigenvalues = (await createReferenceEngine().singularValues(unit!.matrices[0]!)).map(
      (value) => value * value,
    );
    const evalsThreshold = eigenvalues[29]!;
    const cut = await measureUnit(unit!, { ...options, evalsThreshold, draws: 0 });
    expect(cut.alpha).toBe(hill().fit(eigenvalues.slice(0, 29).sort()).alpha);
    expect(cut.metrics['num_evals']).toBe(40);
    const all = { ...options, evalsThreshold: eigenvalues[0]! };
    await expect(measureUnit(unit!, all)).rejects.toMatchObject({ code: 'NO_SPECTRUM' });
    await expect(measureUnit(unit!, { ...options, evalsThreshold: -1 })).rejects.toThrow(
      /threshold/,
    );
  });

  it('takes the name of one group of metrics', async () => {
    expect((await measureUnit(unit!, { ...options, metrics: 'none' })).metrics).toEqual({});
    const { metrics } = await measureUnit(unit!, { ...options, metrics: 'snr' });
    expect(Object.keys(metrics)).toEqual(['snr']);
  });

  it('computes what is asked for and no more', async () => {
    const bare = await measureUnit(unit!, { ...options, bootstrap: 0, metrics: ['stable_rank'] });
    expect(bare).not.toHaveProperty('interval');
    expect(bare).not.toHaveProperty('draws');
    expect(Object.keys(bare.metrics)).toEqual(['stable_rank']);
    const more = await measureUnit(unit!, { ...options, metrics: ['rand_distance'] });
    expect(Object.keys(more.metrics)).toEqual(['rand_distance']);
  });

  it.each([5, 40, 70])('of factors of rank %d has no randomised metrics', async (rank) => {
    // Its elements are those of another matrix, also where the core has the sides of the whole.
    const factor = (side: number) => async () =>
      Float64Array.from({ length: side * rank }, (_, i) => Math.cos(i * i));
    const factors = { rank, scale: 1, left: factor(40), right: factor(60) };
    const weight = weightFromValues({ name: 'w', shape: [40, 60], values });
    const [low] = spectralUnits({ ...weight, factors });
    const { metrics } = await measureUnit(low!, { ...options, metrics: ['all'] });
    expect(metrics['num_evals']).toBe(Math.min(rank, 40));
    expect(metrics).not.toHaveProperty('rand_distance');
  });

  it('refuses unknown metrics', async () => {
    await expect(measureUnit(unit!, { ...options, metrics: ['beauty'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('the record of a measurement', () => {
  it('says every option that can change a number', () => {
    expect(measureRecord({ ...options, metrics: ['entropy'], farms: { rows: 10 } })).toEqual({
      estimator: 'hill',
      tailShare: 0.25,
      engine: 'ml-matrix',
      precision: 'auto',
      metrics: ['entropy'],
      draws: 200,
      seed: 0,
      farms: { rows: 10, ratio: 1, windows: 10 },
    });
    const given = measureRecord({ ...options, estimator: hill({ k: 7 }) });
    expect(given).toMatchObject({ estimator: 'hill', tail: 7 });
    expect(given).not.toHaveProperty('tailShare');
  });
});
