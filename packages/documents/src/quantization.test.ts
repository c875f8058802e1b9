import type { Analysis, MatrixRow } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { coverageOf } from './coverage.js';
import { quantizedMatrices } from './quantization.js';

const measured = (row: Partial<MatrixRow>, weak?: string): MatrixRow => ({
  name: 'w',
  shape: [4, 6],
  dtype: 'BF16',
  block: 0,
  status: 'ok',
  alpha: 2,
  xmin: 1,
  ks: 0.1,
  tail: 3,
  stderr: 0.1,
  metrics: {},
  ...(weak !== undefined && { weak }),
  ...(row as object),
});
const skipped = (row: Partial<MatrixRow>): MatrixRow =>
  ({
    name: 'w',
    shape: [4, 6],
    dtype: 'F16',
    status: 'skipped',
    reason: 'why',
    ...row,
  }) as MatrixRow;
const matrices = (...rows: MatrixRow[]): Pick<Analysis, 'matrices'> => ({ matrices: rows });

describe('quantizedMatrices', () => {
  it('counts what was measured, and names each scheme once', () => {
    const rows = [
      measured({ quantization: 'int8' }),
      measured({ dtype: 'Q8_0' }),
      measured({ quantization: 'int8' }),
      measured({}),
      skipped({ quantization: 'AQLM codebooks' }),
    ];
    expect(quantizedMatrices(matrices(...rows))).toEqual({
      count: 3,
      of: 4,
      schemes: ['int8', 'Q8_0'],
    });
  });

  it('is nothing where none is', () => {
    expect(quantizedMatrices(matrices(measured({})))).toBeUndefined();
  });
});

describe('coverageOf', () => {
  it('weighs projections by their parameters', () => {
    const rows = [
      measured({}),
      measured({ shape: [6, 6] }, 'two eigenvalues'),
      skipped({ block: 1, kind: 'projection', shape: [6, 2] }),
      // Of no block, and no projections.
      skipped({ shape: [100, 100] }),
      skipped({ block: 0, kind: 'other', shape: [100, 100] }),
      skipped({ block: 0, kind: 'router' }),
    ];
    expect(coverageOf(matrices(...rows))).toBe(24 / (24 + 36 + 12));
  });

  it('is whole where all is measured, or there is nothing', () => {
    expect(coverageOf(matrices(measured({})))).toBe(1);
    expect(coverageOf(matrices(skipped({})))).toBe(1);
  });
});
