import { describe, expect, it } from 'vitest';
import { middle95, quantile, standardDeviation } from './statistics.js';

describe('statistics', () => {
  it('have the quantiles of numpy', () => {
    // numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 0.9, 1])
    const values = [0, 0.1, 0.5, 0.9, 1].map((share) => quantile([1, 2, 4, 8], share));
    for (const [i, expected] of [1, 1.3, 3, 6.8, 8].entries()) {
      expect(values[i]).toBeCloseTo(expected, 12);
    }
  });

  it('take the middle of 0, 1, ..., 200 from 5 to 195, in any order', () => {
    const values = Array.from({ length: 201 }, (_, i) => (i * 100) % 201);
    expect(middle95(values)).toEqual([5, 195]);
    expect(middle95(values.slice(0, 39))).toBeUndefined();
  });

  it('divide by n - 1', () => {
    expect(standardDeviation([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(5 / 3), 12);
    expect(standardDeviation([1])).toBeNaN();
  });
});
