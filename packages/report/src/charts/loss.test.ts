import { describe, expect, it } from 'vitest';
import { lossChart, movingAverage, validationLosses } from './loss.js';

const steps = [3, 1, 2, 2, 7].map((loss, i) => ({ step: i + 1, loss }));

describe('the chart of the loss', () => {
  it('averages a step with its neighbours, as far as there are any', () => {
    const smooth = movingAverage(steps);
    expect(smooth.map(({ loss }) => loss)).toEqual([2, 2, 5 / 3, 11 / 3, 4.5]);
    expect(smooth.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
  });

  it('counts a step by its targets', () => {
    const targets = [1647, 184, 12, 311];
    const given = [4.47, 5.53, 10.57, 4.47].map((loss, i) => ({
      ...{ step: i + 1, loss, targets: targets[i]! },
    }));
    const smooth = movingAverage(given).map(({ loss }) => loss);
    // numpy.average with these weights; without them it ends at 7.52.
    expect(smooth[0]).toBeCloseTo(4.576521, 6);
    expect(smooth[3]).toBeCloseTo(4.696625, 6);
  });

  it('has the validation losses where there were any', () => {
    const measured = [
      { ...steps[0]!, evaluation: { loss: 9 } },
      { ...steps[1]!, evaluation: {} },
    ];
    expect(validationLosses(measured)).toEqual([{ step: 1, loss: 9 }]);
    expect(lossChart(measured).markup.match(/<circle/g)).toHaveLength(1);
  });

  it('stays small for long runs, and survives a single step and a flat loss', () => {
    const long = Array.from({ length: 50_000 }, (_, i) => ({ step: i + 1, loss: 1 / (1 + i) }));
    expect(lossChart(long).markup.length).toBeLessThan(20_000);
    for (const few of [[{ step: 7, loss: 2 }], [1, 2].map((step) => ({ step, loss: 3 }))]) {
      expect(lossChart(few).markup).not.toMatch(/NaN|Infinity/);
    }
  });

  it('tells in words where the loss went', () => {
    expect(lossChart(steps).markup).toContain(
      'aria-label="Training loss from 2.00 at step 1 to 4.50 at step 5."',
    );
  });
});
