import { describe, expect, it } from 'vitest';
import { quantizationOf } from './quantization.js';

describe('quantizationOf', () => {
  it.each([
    [{ dtype: 'BF16', quantization: 'FP8, one scale' }, 'FP8, one scale'],
    [{ dtype: 'Q4_K' }, 'Q4_K'],
    [{ dtype: 'BF16' }, undefined],
    [{ dtype: 'F8_E4M3' }, 'F8_E4M3'],
    [{ dtype: 'I8' }, undefined],
  ] as const)('of %j is %s', (row, scheme) => {
    expect(quantizationOf(row)).toBe(scheme);
  });
});
