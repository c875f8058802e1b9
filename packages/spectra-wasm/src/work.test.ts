import { describe, expect, it } from 'vitest';
import { workEstimate } from './work.js';

const matrix = (rows: number, columns: number, dtype: 'F32' | 'F64' | 'BF16' = 'F32') => ({
  rows,
  columns,
  dtype,
});

describe('the work of a matrix', () => {
  // Gram product n^2 m and reduction 4/3 n^3 (Golub and Van Loan, 8.3), without what is small beside them.
  it.each([
    [2048, 2048],
    [2048, 8192],
    [4096, 11008],
  ])('%d x %d is that of the Gram product and the reduction', (rows, columns) => {
    const operations = rows ** 2 * columns + (4 / 3) * rows ** 3;
    const { least, most } = workEstimate(matrix(rows, columns), 'f64');
    expect(most).toBe(least);
    expect(least / operations).toBeGreaterThan(1);
    expect(least / operations).toBeLessThan(1.2);
    expect(workEstimate(matrix(columns, rows), 'f64')).toEqual({ least, most });
  });

  it('is half in float32', () => {
    const { least } = workEstimate(matrix(512, 600), 'f64');
    expect(workEstimate(matrix(512, 600), 'f32')).toEqual({ least: least / 2, most: least / 2 });
  });

  it('is open where auto begins with float32, and that of float64 elsewhere', () => {
    const wide = workEstimate(matrix(2048, 8192, 'BF16'), 'auto');
    expect(wide.least).toBe(workEstimate(matrix(2048, 8192), 'f32').least);
    expect(wide.most).toBeGreaterThan(wide.least);
    for (const other of [matrix(2048, 8192, 'F64'), matrix(2048, 2048), matrix(512, 4096)]) {
      expect(workEstimate(other, 'auto')).toEqual(workEstimate(other, 'f64'));
    }
  });
});
