import { describe, expect, it } from 'vitest';
import { middle95, quantile } from './quantiles.js';

describe('quantiles', () => {
  it('are those of numpy', () => {
    // numpy.quantile([1, 2, 4, 8], [0, 0.1, 0.5, 0.9, 1])
    const values = [0, 0.1, 0.5, 0.9, 1].map((share) => quantile([1, 2, 4, 8], share));
    for (const [i, expected] of [1, 1.3, 3, 6.8, 8].entries()) {
      expect(values[i]).toBeCloseTo(expected, 12);
    }
  });

  it('bound the middle 95 %, in any order', () => {
    const values = Array.from({ length: 201 }, (_, i) => (i * 100) % 201);
    expect(middle95(values)).toEqual([5, 195]);
    // numpy.quantile(numpy.arange(10) ** 2, [0.025, 0.975])
    const [low, high] = middle95([81, 0, 1, 64, 4, 49, 9, 36, 16, 25]);
    expect(low).toBeCloseTo(0.225, 12);
    expect(high).toBeCloseTo(77.175, 12);
    expect(middle95([3])).toEqual([3, 3]);
  });
});
