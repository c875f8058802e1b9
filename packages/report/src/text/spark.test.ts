import { describe, expect, it } from 'vitest';
import { binned, commonScale, histogram, sparkline } from './spark.js';

describe('commonScale', () => {
  it('is the range of the values', () => {
    expect(commonScale([2.5, 1.33, 4.47])).toEqual({ low: 1.33, high: 4.47 });
    expect(commonScale([])).toBeUndefined();
  });

  it('leaves out values more than three interquartile ranges beyond the quartiles', () => {
    // The quartiles are 2 and 4, so the fences are at -4 and 10.
    const values = [1, 2, 2, 3, 4, 4, 10];
    expect(commonScale(values)).toEqual({ low: 1, high: 10 });
    expect(commonScale([1, 2, 2, 3, 4, 4, 10.01])).toEqual({ low: 1, high: 4 });
  });
});

describe('sparkline', () => {
  it('rises from the lowest to the highest bar', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], { low: 0, high: 8 })).toBe('▁▂▃▄▅▆▇██');
  });

  it('marks what is missing or beyond the scale', () => {
    expect(sparkline([1, undefined, 14, 0, 2], { low: 1, high: 2 })).toBe('▁·↑↓█');
  });

  it('draws equal values half way up', () => {
    expect(sparkline([3, 3], { low: 3, high: 3 })).toBe('▅▅');
  });
});

describe('binned', () => {
  const scale = { low: 0, high: 10 };

  it('keeps what fits', () => {
    expect(binned([1, undefined, 3], 3, scale)).toEqual([1, undefined, 3]);
  });

  it('takes means of neighbours, and lets outliers stand for their run', () => {
    expect(binned([1, 3, 5, undefined, undefined, undefined, 2, 14], 4, scale)).toEqual([
      2,
      5,
      undefined,
      14,
    ]);
  });

  it('uses every value once when the width does not divide the number', () => {
    const values = Array.from({ length: 126 }, () => 1);
    values[125] = 11;
    const line = binned(values, 50, scale);
    expect(line).toHaveLength(50);
    expect(line.slice(0, -1).every((value) => value === 1)).toBe(true);
    expect(line.at(-1)).toBe(11);
  });
});

describe('histogram', () => {
  it('merges neighbouring bins and leaves empty ones blank', () => {
    // Sums 2, 0, 8, 4 on the scale from 0 to 8.
    expect(histogram([1, 1, 0, 0, 3, 5, 4, 0], 4)).toBe('▃ █▅');
  });
});
