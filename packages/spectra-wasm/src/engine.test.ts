import {
  diagonal,
  matrixOf,
  randomValues,
  withSpectrum,
} from '@alphalora/testing/spectra/matrices';
import { describeSpectra } from '@alphalora/testing/spectra/suite';
import { describe, expect, it, vi } from 'vitest';
import { createWasmEngine } from './index.js';

const engine = createWasmEngine({ build: 'simd' });

describeSpectra(engine);

describe('options', () => {
  const square = () => matrixOf(400, 400, Float32Array.from(randomValues(160_000, 3)));
  const wide = (extra = 0) => {
    const values = Float32Array.from(randomValues(1100 * 3300, 4));
    for (let i = 0; i < 1100; i++) values[i * 3300] = extra;
    return matrixOf(1100, 3300, values);
  };
  const precisionOf = async (matrix: ReturnType<typeof matrixOf>): Promise<string[]> => {
    const seen: string[] = [];
    await engine.singularValues(matrix, { onPrecision: (precision) => seen.push(precision) });
    return seen;
  };

  it('takes float32 where the smallest eigenvalue is not lost, float64 elsewhere', async () => {
    expect(await precisionOf(wide())).toEqual(['f32']);
    // Square: the smallest eigenvalue is too small for float32 from the outset.
    expect(await precisionOf(square())).toEqual(['f64']);
    // A row twice: float32 finds out that the smallest eigenvalue is lost. A row of zeros loses none.
    const twice = Float32Array.from(randomValues(1100 * 3300, 4)).copyWithin(3300, 0, 3300);
    expect(await precisionOf(matrixOf(1100, 3300, twice))).toEqual(['f64']);
    expect(await precisionOf(matrixOf(1100, 3300, twice.fill(0, 0, 3300)))).toEqual(['f32']);
    expect(await precisionOf(matrixOf(20, 90, new Float32Array(1800).fill(1)))).toEqual(['f64']);
    expect(await precisionOf({ ...wide(), dtype: 'F64' })).toEqual(['f64']);
  });

  it('float32 that is trusted agrees with float64 on every eigenvalue', async () => {
    for (const matrix of [
      wide(),
      wide(30),
      matrixOf(3300, 1100, (await wide().read()) as Float32Array),
    ]) {
      const auto = await engine.singularValues(matrix);
      const f64 = await engine.singularValues(matrix, { precision: 'f64' });
      for (let i = 0; i < f64.length; i++) {
        expect(Math.abs(auto[i]! ** 2 / f64[i]! ** 2 - 1)).toBeLessThan(1e-4);
      }
    }
  });

  it('says how far down float32 is right', async () => {
    const order = 200;
    const expected = Float64Array.from({ length: order }, (_, i) => 10 ** ((-5 * i) / order));
    const matrix = matrixOf(order, order, withSpectrum(order, order, expected));
    const reported: number[] = [];
    const onPrecision = (_: string, resolved: number) => reported.push(resolved);
    const f32 = await engine.singularValues(matrix, { precision: 'f32', onPrecision });
    await engine.singularValues(matrix, { precision: 'f64', onPrecision });
    const [resolved, all] = reported as [number, number];
    expect(all).toBe(0);
    const count = expected.filter((value) => value >= resolved).length;
    expect(count).toBeGreaterThan(order / 4);
    expect(count).toBeLessThan(order);
    for (let i = 0; i < count; i++) {
      expect(Math.abs(f32[i]! ** 2 / expected[i]! ** 2 - 1)).toBeLessThan(1e-4);
    }
  });

  it('says how far down float64 is right, where there is no memory to do better', async () => {
    const expected = Float64Array.from({ length: 300 }, (_, i) => 10 ** (-i / 25));
    const matrix = matrixOf(300, 300, withSpectrum(300, 300, expected));
    const small = createWasmEngine({ build: 'simd' });
    // Takes the memory that a Gram matrix needs.
    await small.singularValues(matrixOf(300, 300, randomValues(90_000, 2)));
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(() => {
      throw new RangeError('no memory');
    });
    let resolved = 0;
    const onPrecision = (_: string, smallest: number): void => {
      resolved = smallest;
    };
    const found = await small.singularValues(matrix, { onPrecision });
    grow.mockRestore();
    expect(resolved).toBeGreaterThan(expected[299]!);
    const right = expected.filter((value) => value >= resolved);
    expect(right.length).toBeGreaterThan(100);
    for (const [i, value] of right.entries()) {
      expect(Math.abs(found[i]! / value - 1)).toBeLessThan(1e-4);
    }
    await small.singularValues(matrix, { onPrecision });
    expect(resolved).toBe(0);
  });

  // A row twice: float32 does not resolve the smallest eigenvalue, so that float64 follows.
  it.each([
    ['one pass', matrixOf(900, 900, Float32Array.from(randomValues(810_000, 6)))],
    [
      'two passes',
      matrixOf(
        1100,
        3300,
        Float32Array.from(randomValues(1100 * 3300, 4)).copyWithin(3300, 0, 3300),
      ),
    ],
  ])('reports growing progress that ends with 1: %s', async (_, matrix) => {
    const engine = createWasmEngine({ build: 'simd', maxMemory: 1 });
    const seen: number[] = [];
    await engine.singularValues(matrix, { onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(1);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((done, i) => done > 0 && done <= 1 && (i === 0 || done > seen[i - 1]!))).toBe(
      true,
    );
  });

  it('stops when aborted, before and in between, and works afterwards', async () => {
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    await expect(engine.singularValues(square(), { signal: aborted })).rejects.toBe(reason);
    const controller = new AbortController();
    const matrix = matrixOf(900, 900, Float32Array.from(randomValues(810_000, 6)));
    const running = engine.singularValues(matrix, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect([...(await engine.singularValues(matrixOf(2, 2, diagonal(2, 2, [1, 2]))))]).toEqual([
      2, 1,
    ]);
  });

  it('passes on what the reader throws, and works afterwards', async () => {
    const broken = {
      ...square(),
      read: async () => {
        throw new Error('disk on fire');
      },
    };
    await expect(engine.singularValues(broken)).rejects.toThrow('disk on fire');
    expect([...(await engine.singularValues(matrixOf(1, 1, new Float64Array([4]))))]).toEqual([4]);
  });

  it('serves calls that come at once one after another', async () => {
    const sizes = [40, 200, 90, 300];
    const together = await Promise.all(
      sizes.map((size) =>
        engine.singularValues(matrixOf(size, 400, randomValues(size * 400, size))),
      ),
    );
    for (const [i, size] of sizes.entries()) {
      const alone = await engine.singularValues(
        matrixOf(size, 400, randomValues(size * 400, size)),
      );
      expect(together[i]).toEqual(alone);
    }
  });

  it('gives the same bits again, whatever came before', async () => {
    const first = await engine.singularValues(square());
    await engine.singularValues(wide(7));
    expect(await engine.singularValues(square())).toEqual(first);
    await engine.close?.();
    expect(await engine.singularValues(square())).toEqual(first);
  });

  it('reads each row of a held or a tall matrix once', async () => {
    for (const [rows, columns] of [
      [300, 1200],
      [1200, 300],
    ] as const) {
      const matrix = matrixOf(rows, columns, Float32Array.from(randomValues(rows * columns, 8)));
      let read = 0;
      const counting = {
        ...matrix,
        read: (start = 0, end = rows) => {
          read += end - start;
          return matrix.read(start, end);
        },
      };
      await engine.singularValues(counting, { precision: 'f32' });
      expect(read).toBe(rows);
    }
  });

  it('refuses an unknown build', () => {
    // @ts-expect-error: what a user of plain JavaScript may write
    expect(() => createWasmEngine({ build: 'avx' })).toThrow("unknown WebAssembly build 'avx'");
  });
});
