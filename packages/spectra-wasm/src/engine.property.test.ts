import {
  eigenvalueError,
  matrixOf,
  randomValues,
  reflectRows,
  transpose,
} from '@alphalora/testing/spectra/matrices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';

const engine = createWasmEngine({ build: 'simd' });
const solve = (rows: number, columns: number, values: Float64Array): Promise<Float64Array> =>
  engine.singularValues(matrixOf(rows, columns, values), { precision: 'f64' });

const side = fc.integer({ min: 1, max: 70 });
const seed = fc.integer({ min: 1, max: 1e9 });

/** Runs a property of a random matrix of any shape. */
function holds(
  property: (rows: number, columns: number, values: Float64Array) => Promise<void>,
): Promise<void> {
  return fc.assert(
    fc.asyncProperty(side, side, seed, (rows, columns, number) =>
      property(rows, columns, randomValues(rows * columns, number)),
    ),
    { numRuns: 40 },
  );
}

describe('singular values', () => {
  it('do not change under orthogonal transformations', () =>
    holds(async (rows, columns, values) => {
      const turned = reflectRows(values, columns, 99);
      const expected = await solve(rows, columns, values);
      expect(eigenvalueError(await solve(rows, columns, turned), expected)).toBeLessThan(1e-13);
    }));

  it('do not change under transposition', () =>
    holds(async (rows, columns, values) => {
      const expected = await solve(rows, columns, values);
      const actual = await solve(columns, rows, transpose(values, columns));
      expect(eigenvalueError(actual, expected)).toBeLessThan(1e-13);
    }));

  it('scale exactly with powers of two', () =>
    holds(async (rows, columns, values) => {
      const scaled = values.map((value) => value * 2 ** 40);
      const expected = (await solve(rows, columns, values)).map((value) => value * 2 ** 40);
      expect(await solve(rows, columns, scaled)).toEqual(expected);
    }));

  it('gain nothing but zeros from rows of zeros', () =>
    holds(async (rows, columns, values) => {
      const longer = new Float64Array((rows + 9) * columns);
      longer.set(values);
      const expected = new Float64Array(Math.min(rows + 9, columns));
      expected.set(await solve(rows, columns, values));
      expect(eigenvalueError(await solve(rows + 9, columns, longer), expected)).toBeLessThan(1e-13);
    }));

  it('have squares that add up to the squared Frobenius norm', () =>
    holds(async (rows, columns, values) => {
      const total = (numbers: Float64Array) => numbers.reduce((sum, x) => sum + x * x, 0);
      const found = total(await solve(rows, columns, values));
      expect(Math.abs(found / total(values) - 1)).toBeLessThan(1e-13);
    }));
});
