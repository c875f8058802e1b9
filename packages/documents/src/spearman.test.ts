import { describe, expect, it } from 'vitest';
import { spearman } from './spearman.js';

describe('spearman', () => {
  it.each<[string, number[], number[], number]>([
    ['any rising function', [1, 2, 3, 4], [1, 8, 27, 1000], 1],
    ['any falling function', [1, 2, 3], [9, 4, 1], -1],
    // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 1, 1, 0, 1, 1 of n = 5.
    ['ranks without ties', [1, 2, 3, 4, 5], [2, 1, 3, 5, 4], 0.8],
    // scipy.stats.spearmanr([1, 2, 2, 3], [1, 3, 2, 4])
    ['ties', [1, 2, 2, 3], [1, 3, 2, 4], 0.9486832980505139],
  ])('%s', (_, a, b, expected) => {
    expect(spearman(a, b)).toBeCloseTo(expected, 12);
  });

  it('is undefined where there is no order', () => {
    expect(spearman([1], [2])).toBeUndefined();
    expect(spearman([2, 2], [1, 3])).toBeUndefined();
  });
});
