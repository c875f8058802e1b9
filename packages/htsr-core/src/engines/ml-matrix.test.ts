import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spectralUnits } from '../matrices.js';
import { weightFromValues } from '../values.js';
import { createReferenceEngine } from './ml-matrix.js';

const engine = createReferenceEngine();

async function singularValues(rows: number, columns: number, values: number[]): Promise<number[]> {
  const weight = weightFromValues({
    name: 'w',
    shape: [rows, columns],
    values: Float64Array.from(values),
  });
  const [unit] = spectralUnits(weight);
  return [...(await engine.singularValues(unit!.matrices[0]!))];
}

const matrices = fc
  .tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 20 }))
  .chain(([rows, columns]) =>
    fc.tuple(
      fc.constant(rows),
      fc.constant(columns),
      fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
        minLength: rows * columns,
        maxLength: rows * columns,
      }),
    ),
  );

describe('reference engine', () => {
  it('finds the singular values of a matrix worked out by hand', async () => {
    // [[3, 0], [4, 5]]: W^T W has the eigenvalues 45 and 5.
    const [first, second] = await singularValues(2, 2, [3, 0, 4, 5]);
    expect(first).toBeCloseTo(Math.sqrt(45), 12);
    expect(second).toBeCloseTo(Math.sqrt(5), 12);
  });

  it('keeps the Frobenius norm and does not mind transposition', async () => {
    await fc.assert(
      fc.asyncProperty(matrices, async ([rows, columns, values]) => {
        const spectrum = await singularValues(rows, columns, values);
        expect(spectrum).toHaveLength(Math.min(rows, columns));
        expect(spectrum).toEqual(spectrum.toSorted((a, b) => b - a));
        const squares = (list: number[]): number => list.reduce((sum, x) => sum + x * x, 0);
        const scale = Math.max(1, squares(values));
        expect(Math.abs(squares(spectrum) - squares(values))).toBeLessThan(1e-12 * scale);
        const transposed = Array.from(
          { length: rows * columns },
          (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
        );
        const other = await singularValues(columns, rows, transposed);
        for (const [i, value] of spectrum.entries()) {
          expect(Math.abs(value - other[i]!)).toBeLessThan(1e-12 * Math.sqrt(scale));
        }
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it('does not overflow or underflow where the squares would', async () => {
    for (const scale of [1e200, 1e-200]) {
      const spectrum = await singularValues(
        2,
        4,
        [3, 0, 0, 0, 0, 0, 0, 2].map((x) => x * scale),
      );
      expect(spectrum[0]! / scale).toBeCloseTo(3, 12);
      expect(spectrum[1]! / scale).toBeCloseTo(2, 12);
    }
  });
});
