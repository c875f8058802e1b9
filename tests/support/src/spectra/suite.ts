/** What every build of the engine finds, refuses and reads: on spectra that are known, and real ones. */
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { describeUnless } from '../lacking.js';
import { sharedLacks } from '../repository.js';
import { expectSpectra } from './checkpoints.js';
import {
  diagonal,
  eigenvalueError,
  float16,
  matrixOf,
  randomValues,
  storedMatrix,
  transpose,
  withSpectrum,
} from './matrices.js';
import { strained } from './strained.js';

/** @param pairs whether the engine multiplies bfloat16 in pairs */
export function describeSpectra(engine: SpectralEngine, { pairs = false } = {}): void {
  describe('known spectra', () => {
    const decay = (count: number, f: (share: number) => number) =>
      Float64Array.from({ length: count }, (_, i) => f(i / count));
    const spectra: Record<string, (count: number) => Float64Array> = {
      even: (count) => decay(count, (x) => 1 + x),
      graded: (count) => decay(count, (x) => 10 ** (-6 * x)),
      clustered: (count) => decay(count, (x) => (x < 0.5 ? 1 : x < 0.9 ? 1 + 1e-9 * x : 5)),
      'all equal': (count) => decay(count, () => 3),
      'one spike': (count) => decay(count, (x) => (x === 0 ? 1000 : 1)),
    };
    const shapes = [
      ...[
        [1, 1],
        [1, 7],
        [7, 1],
        [2, 2],
        [3, 2],
        [31, 33],
        [32, 32],
        [33, 500],
        [127, 127],
      ],
      ...[
        [128, 128],
        [129, 130],
        [161, 160],
        [300, 257],
        [257, 300],
        [260, 1030],
        [1030, 130],
      ],
    ] as [number, number][];

    for (const [kind, spectrum] of Object.entries(spectra)) {
      it.each(shapes)(`${kind}, %i x %i`, async (rows, columns) => {
        const expected = spectrum(Math.min(rows, columns));
        const matrix = matrixOf(rows, columns, withSpectrum(rows, columns, expected));
        const f64 = await engine.singularValues(matrix, { precision: 'f64' });
        expect(eigenvalueError(f64, expected)).toBeLessThan(1e-12);
        const f32 = await engine.singularValues(matrix, { precision: 'f32' });
        expect(eigenvalueError(f32, expected)).toBeLessThan(1e-5);
      });
    }

    it('finds the diagonal of a diagonal matrix', async () => {
      const values = await engine.singularValues(matrixOf(3, 4, diagonal(3, 4, [2, -5, 3])));
      expect([...values]).toEqual([5, 3, 2]);
    });

    it.each([
      ['low rank', 200, 200, 8],
      ['rank deficient by one', 150, 400, 149],
      ['rank one', 64, 300, 1],
      ['low rank and tall', 700, 140, 30],
    ])('%s: the missing values are zero', async (_, rows, columns, rank) => {
      const expected = Array.from({ length: rank }, (_, i) => 1 + i / 7);
      const matrix = matrixOf(rows, columns, withSpectrum(rows, columns, expected));
      const values = await engine.singularValues(matrix);
      expect(values.subarray(rank).every((value) => value === 0)).toBe(true);
      expect(eigenvalueError(values.slice(0, rank), expected)).toBeLessThan(1e-12);
    });

    it('returns zeros for a matrix of zeros, and nothing for an empty one', async () => {
      expect([...(await engine.singularValues(matrixOf(3, 5, new Float64Array(15))))]).toEqual([
        0, 0, 0,
      ]);
      expect(await engine.singularValues(matrixOf(0, 5, new Float64Array(0)))).toHaveLength(0);
      expect(await engine.singularValues(matrixOf(5, 0, new Float64Array(0)))).toHaveLength(0);
    });
  });

  describe('stored types', () => {
    const rows = 70;
    const columns = 301;

    /** The value of a bfloat16: the upper half of a float32. */
    function bfloat16(bits: number): number {
      return new Float32Array(new Uint32Array([bits << 16]).buffer)[0]!;
    }
    const noise = randomValues(rows * columns, 5);
    const half = Uint16Array.from(noise, (x, i) => {
      // Mostly subnormal and small numbers of both signs: exponents 0 to 15 of 31.
      return (Math.floor(Math.abs(x) * 0x4000) & 0x3fff) | (i % 3 === 0 ? 0x8000 : 0);
    });
    const brain = Uint16Array.from(
      noise,
      (x) => new Uint32Array(new Float32Array([x]).buffer)[0]! >>> 16,
    );
    const single = Float32Array.from(noise);

    it.each([
      ['F16', half, Float64Array.from(half, float16)],
      ['BF16', brain, Float64Array.from(brain, bfloat16)],
      ['F32', single, Float64Array.from(single)],
      ['F64', noise, noise],
    ] as const)(
      '%s bytes give what their values give, bit for bit',
      async (dtype, stored, values) => {
        for (const precision of ['f32', 'f64'] as const) {
          for (const [m, n] of [
            [rows, columns],
            [columns, rows],
          ] as const) {
            const expected = await engine.singularValues(matrixOf(m, n, values), { precision });
            const found = await engine.singularValues(storedMatrix(m, n, dtype, stored), {
              precision,
            });
            // Products of pairs are the same, and their sums are rounded in another order.
            if (pairs && dtype === 'BF16' && precision === 'f32') {
              expect(eigenvalueError(found, expected)).toBeLessThan(2e-6);
            } else expect(found).toEqual(expected);
          }
        }
      },
    );

    it('reads types that it does not decode through their values', async () => {
      const values = Float32Array.from({ length: 12 }, (_, i) => i - 6);
      const matrix = {
        ...storedMatrix(3, 4, 'I8', new Uint16Array(6)),
        read: matrixOf(3, 4, values).read,
      };
      expect(await engine.singularValues(matrix)).toEqual(
        await engine.singularValues(matrixOf(3, 4, values)),
      );
    });
  });

  describe('range', () => {
    const base = withSpectrum(
      40,
      60,
      Float64Array.from({ length: 40 }, (_, i) => 1 + i),
    );
    const expected = Float64Array.from({ length: 40 }, (_, i) => 1 + i);

    it.each([2 ** 100, 2 ** -100, 2 ** 125, 2 ** -126])(
      'float32 weights of about %d',
      async (factor) => {
        const matrix = matrixOf(
          40,
          60,
          Float32Array.from(base, (x) => (x / 64) * factor),
        );
        for (const precision of ['auto', 'f32'] as const) {
          const values = await engine.singularValues(matrix, { precision });
          const scaled = values.map((value) => (value / factor) * 64);
          expect(eigenvalueError(scaled, expected)).toBeLessThan(2e-6);
        }
      },
    );

    it.each([2 ** 1000, 2 ** -1000])('float64 weights of about %d', async (factor) => {
      const matrix = matrixOf(
        40,
        60,
        base.map((x) => (x / 64) * factor),
      );
      const values = await engine.singularValues(matrix);
      expect(
        eigenvalueError(
          values.map((value) => (value / factor) * 64),
          expected,
        ),
      ).toBeLessThan(1e-12);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
      'refuses %d',
      async (bad) => {
        for (const [rows, columns] of [
          [40, 60],
          [60, 40],
        ] as const) {
          for (const precision of ['auto', 'f32', 'f64'] as const) {
            const values = Float32Array.from(base);
            values[1234] = bad;
            await expect(
              engine.singularValues(matrixOf(rows, columns, values), { precision }),
            ).rejects.toMatchObject({
              code: 'NO_SPECTRUM',
              message: `contains ${Number.isNaN(bad) ? 'NaN' : 'infinity'}`,
            });
          }
        }
      },
    );
  });

  describe('shape', () => {
    it('does not care which side is longer', async () => {
      const values = randomValues(90 * 140, 9);
      const wide = await engine.singularValues(matrixOf(90, 140, values));
      const tall = await engine.singularValues(matrixOf(140, 90, transpose(values, 140)));
      expect(eigenvalueError(tall, wide)).toBeLessThan(1e-14);
    });
  });

  describe('values far below the largest', () => {
    it.each(Object.entries(strained))('%s', async (_, { matrix, singularValues }) => {
      for (const precision of ['auto', 'f64'] as const) {
        let resolved = Number.NaN;
        const found = await engine.singularValues(matrix, {
          precision,
          onPrecision: (__, smallest) => {
            resolved = smallest;
          },
        });
        expect(resolved).toBe(0);
        const allowed = 24 * Number.EPSILON * singularValues[0]!;
        for (const [i, value] of singularValues.entries()) {
          expect(Math.abs(found[i]! - value)).toBeLessThan(allowed);
        }
      }
    });
  });

  describeUnless(sharedLacks('data'), 'real checkpoints against float64 SVDs', () => {
    it.each(['stories260K', 'babyllama-tok361'])('%s', (folder) => expectSpectra(engine, folder));
  });
}
