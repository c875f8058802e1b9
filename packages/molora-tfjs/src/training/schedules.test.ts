import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type ScheduleName } from './schedules.js';

const rates = (name: ScheduleName, steps: number, warmupSteps: number, learningRate = 1) =>
  Array.from({ length: steps }, (_, step) =>
    learningRateAt(step, { name, learningRate, warmupSteps, steps }),
  );

describe('the learning rate', () => {
  it('warms up by equal steps, then stays', () => {
    expect(rates('constant', 6, 3, 4)).toEqual([1, 2, 3, 4, 4, 4]);
  });

  it('falls by equal steps, and would be zero one step after the last', () => {
    expect(rates('linear', 5, 1, 8)).toEqual([4, 8, 6, 4, 2]);
    expect(rates('linear', 4, 0, 8)).toEqual([8, 6, 4, 2]);
  });

  it('falls by half a cosine: 1, then 3/4 and 1/4 at the thirds, by cos 60 degrees', () => {
    const [warm, top, third, twoThirds] = rates('cosine', 4, 1);
    expect(warm).toBe(0.5);
    expect(top).toBe(1);
    expect(third).toBeCloseTo(0.75, 15);
    expect(twoThirds).toBeCloseTo(0.25, 15);
  });

  it('never is zero', () => {
    for (const name of ['constant', 'linear', 'cosine'] as const)
      expect(Math.min(...rates(name, 50, 10))).toBeGreaterThan(0);
  });

  it('has no step outside the run', () => {
    for (const step of [-1, 4, 0.5]) {
      expect(() =>
        learningRateAt(step, { name: 'linear', learningRate: 1, warmupSteps: 0, steps: 4 }),
      ).toThrow(expect.toSatisfy((error) => isAlphaLoraError(error, 'INVALID_OPTION')));
    }
  });
});
