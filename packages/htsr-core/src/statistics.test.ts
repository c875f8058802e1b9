import { describe, expect, it } from 'vitest';
import { middle95, standardDeviation } from './statistics.js';

describe('statistics', () => {
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
