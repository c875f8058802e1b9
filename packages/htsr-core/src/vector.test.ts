import { describe, expect, it } from 'vitest';
import { localizationRatio, participationRatio, vectorEntropy } from './vector.js';

describe('metrics of vectors', () => {
  it('entropy of four ones, as WeightWatcher computes it', () => {
    expect(vectorEntropy([1, 1, 1, 1])).toBeCloseTo(0.14676266317373993, 15);
    expect(vectorEntropy(Float32Array.of(0, 0, 2))).toBeCloseTo(0.14676266317373993, 15);
  });

  it('ratios of an even, a localized and a mixed vector', () => {
    expect(localizationRatio([1, -1, 1, -1])).toBe(4);
    expect(localizationRatio([0, 0, -7])).toBe(1);
    expect(localizationRatio([3, 4])).toBe(7 / 4);
    expect(participationRatio([1, -1, 1, -1])).toBeCloseTo(Math.SQRT2, 15);
    expect(participationRatio([0, 0, -7])).toBe(1);
    expect(participationRatio([3, 4])).toBeCloseTo(5 / (81 + 256) ** 0.25, 14);
  });

  it('stay in range where fourth powers would not', () => {
    expect(participationRatio([3e200, 4e200])).toBeCloseTo(5 / (81 + 256) ** 0.25, 14);
    expect(participationRatio([3e-200, 4e-200])).toBeCloseTo(5 / (81 + 256) ** 0.25, 14);
  });
});
