import { isAlphaLoraError } from '@alphalora/contracts';
import { seededRandom } from '@alphalora/contracts/numbers';
import type { LowRankFactors } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { Matrix as DenseMatrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from './engines/ml-matrix.js';
import { coreOf, coreShape, lowRankMatrix } from './low-rank.js';
import { sidesOf, spectralUnits } from './matrices.js';
import { weightFromValues } from './values.js';

const given = (
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  rank: number,
  scale = 1,
): LowRankFactors => ({
  rank,
  scale,
  left: async () => Float64Array.from(left),
  right: async () => Float64Array.from(right),
});

function randomFactors(rows: number, columns: number, rank: number, scale: number, seed: number) {
  const random = seededRandom(seed, `${rows} ${columns} ${rank}`);
  const values = (count: number) => Array.from({ length: count }, () => 2 * random() - 1);
  return given(values(rows * rank), values(rank * columns), rank, scale);
}

/** Singular values of the product, multiplied out. */
async function denseSpectrum(
  { left, right, rank, scale }: LowRankFactors,
  rows: number,
  columns: number,
): Promise<number[]> {
  const product = DenseMatrix.from1DArray(rows, rank, await left())
    .mmul(DenseMatrix.from1DArray(rank, columns, await right()))
    .mul(scale);
  return new SingularValueDecomposition(product, { autoTranspose: true }).diagonal;
}

async function coreSpectrum(
  factors: LowRankFactors,
  rows: number,
  columns: number,
): Promise<Float64Array> {
  return createReferenceEngine().singularValues(lowRankMatrix('w', [rows, columns], factors));
}

const side = fc.integer({ min: 1, max: 24 });

describe('the core of a low-rank matrix', () => {
  it('has the singular values of the product, whatever the sides, the rank and the scale', async () => {
    await fc.assert(
      fc.asyncProperty(
        ...[side, side, fc.integer({ min: 1, max: 30 })],
        ...[fc.constantFrom(4, 1, 0.125, -2, 0), fc.nat()],
        async (rows, columns, rank, scale, seed) => {
          const factors = randomFactors(rows, columns, rank, scale, seed);
          const expected = await denseSpectrum(factors, rows, columns);
          const actual = await coreSpectrum(factors, rows, columns);
          expect(actual).toHaveLength(Math.min(rows, columns, rank));
          const tolerance = 1e-13 * Math.max(1, expected[0]!) * Math.max(rows, columns, rank);
          expected.forEach((value, i) => {
            expect(Math.abs((actual[i] ?? 0) - value)).toBeLessThanOrEqual(tolerance);
          });
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('has the product of the lengths for a rank of one', async () => {
    // |(3, 4)| = 5 and |(2, 3, 6)| = 7.
    const spectrum = await coreSpectrum(given([3, 4], [2, 3, 6], 1, -2), 2, 3);
    expect(spectrum).toHaveLength(1);
    expect(spectrum[0]).toBeCloseTo(70, 12);
  });

  it('keeps a rank that rounding of the product would hide', async () => {
    const factors = randomFactors(40, 30, 3, 4, 5);
    expect(await coreSpectrum(factors, 40, 30)).toHaveLength(3);
    const dense = await denseSpectrum(factors, 40, 30);
    expect(dense.filter((value) => value > 0).length).toBeGreaterThan(3);
  });

  it('finds the zeros of factors that are dependent or zero', async () => {
    const twice = await coreSpectrum(given([1, 2, 2, 4, 3, 6], [1, 0, 0, 1], 2), 3, 2);
    // Columns (1, 2, 3) and its double: 14 + 56 is all there is.
    expect(twice[0]).toBeCloseTo(Math.sqrt(70), 12);
    expect(twice[1]).toBeLessThan(1e-14);
    expect([...(await coreOf(given([0, 0, 0], [1, 2], 1), 3, 2))]).toEqual([0]);
  });

  it('is not larger than the matrix', () => {
    expect(coreShape({ rank: 8 }, [100, 60])).toEqual([8, 8]);
    expect(coreShape({ rank: 8 }, [4, 60])).toEqual([4, 8]);
    expect(coreShape({ rank: 8 }, [4, 5])).toEqual([4, 5]);
  });

  it.each([1e-200, 1e200])(
    'is right for factors near %d, whose squares leave float64',
    async (size) => {
      const factors = given([3 * size, 4 * size], [2, 3, 6], 1);
      const [only] = await coreOf(factors, 2, 3);
      expect(Math.abs(only!) / size / 35).toBeCloseTo(1, 12);
    },
  );

  it('is read by rows', async () => {
    const factors = randomFactors(9, 7, 3, 1, 2);
    const matrix = lowRankMatrix('w', [9, 7], factors);
    const core = await coreOf(factors, 9, 7);
    expect(matrix).toMatchObject({ name: 'w', rows: 3, columns: 3, dtype: 'F64' });
    expect(await matrix.read(1, 2)).toEqual(core.subarray(3, 6));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', async (value) => {
    const error = await coreOf(given([1, value], [1], 1), 2, 1).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'NO_SPECTRUM')).toBe(true);
    expect((error as Error).message).toMatch(Number.isNaN(value) ? /NaN/ : /infinity/);
  });

  it('hands the signal on to the factors', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const factors: LowRankFactors = {
      ...given([1], [1], 1),
      async left(given) {
        given?.throwIfAborted();
        return Float64Array.of(1);
      },
    };
    await expect(lowRankMatrix('w', [1, 1], factors).read(0, 1, signal)).rejects.toThrow('enough');
  });

  it('is there for each position of the kernels of a convolution', async () => {
    const kernel = [2, 3];
    const factors = randomFactors(7, 4 * 6, 2, 3, 9);
    const [left, right] = [await factors.left(), await factors.right()];
    const weight = {
      ...weightFromValues({ name: 'w', shape: [7, 4, ...kernel], values: new Float32Array(168) }),
      factors,
    };
    const [unit, ...rest] = spectralUnits(weight);
    expect(rest).toEqual([]);
    expect(unit).toMatchObject({ factored: true, shape: [7, 4, 2, 3] });
    expect(sidesOf(unit!)).toEqual({ smaller: 4, larger: 7, matrices: 6 });
    for (const [position, matrix] of unit!.matrices.entries()) {
      const slice = right.filter((_, i) => i % 6 === position);
      const expected = await denseSpectrum(given(left, slice, 2, 3), 7, 4);
      const values = await createReferenceEngine().singularValues(matrix);
      expect(matrix.name).toBe(`w[:, :, ${position}]`);
      expect(values).toHaveLength(2);
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 12);
    }
  });
});
