/** Solving again without squaring happens within the memory allowed, and where it is needed only. */
import type { Matrix } from '@alphalora/contracts/weights';
import {
  diagonal,
  matrixOf,
  storedMatrix,
  withSpectrum,
} from '@alphalora/testing/spectra/matrices';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWasmEngine, memoryEstimate } from './index.js';

const { grow } = WebAssembly.Memory.prototype;
afterEach(() => {
  vi.restoreAllMocks();
});

interface Solved {
  singularValues: Float64Array;
  resolved: number;
  /** Of the engine's WebAssembly memory. */
  bytes: number;
  /** Rows, over all passes. */
  read: number;
}

/** By an engine of its own, since memory never shrinks. */
async function solved(
  matrix: Matrix,
  { maxMemory = Number.POSITIVE_INFINITY, precision = 'auto' as 'auto' | 'f32' } = {},
): Promise<Solved> {
  let memory: WebAssembly.Memory | undefined;
  vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (
    this: WebAssembly.Memory,
    pages,
  ) {
    memory = this;
    return grow.call(this, pages);
  });
  let read = 0;
  const counting: Matrix = {
    ...matrix,
    read(start = 0, end = matrix.rows) {
      read += end - start;
      return matrix.read(start, end);
    },
    ...(matrix.readInto && {
      readInto(target: Uint8Array, start: number) {
        read += target.length / (2 * matrix.columns);
        return matrix.readInto!(target, start);
      },
    }),
  };
  let resolved = Number.NaN;
  const singularValues = await createWasmEngine({ build: 'simd', maxMemory }).singularValues(
    counting,
    {
      precision,
      onPrecision: (_, smallest) => {
        resolved = smallest;
      },
    },
  );
  return { singularValues, resolved, bytes: memory!.buffer.byteLength, read };
}

describe.each([
  [400, 400],
  [300, 500],
  [500, 300],
  [200, 1500],
  [1500, 200],
])('a spectrum of twelve decades, %i x %i', (rows, columns) => {
  const order = Math.min(rows, columns);
  const decay = Float64Array.from({ length: order }, (_, i) => 10 ** ((-12 * i) / order));
  const matrix = matrixOf(rows, columns, withSpectrum(rows, columns, decay));
  const [least, most] = [0, Number.POSITIVE_INFINITY].map((limit) =>
    memoryEstimate(matrix, 'auto', limit),
  ) as [number, number];
  // The triangle that elongated matrices are reduced to is not in WebAssembly's memory.
  const outside = Math.max(rows, columns) >= 4 * order ? 8 * order ** 2 : 0;

  it('is resolved within what the estimate says, and takes most of it', async () => {
    const { resolved, bytes, singularValues } = await solved(matrix, { maxMemory: most });
    expect(resolved).toBe(0);
    expect(bytes + outside).toBeLessThanOrEqual(most);
    // But for code and stack, a slab, and a page.
    expect(bytes + outside).toBeGreaterThan(most - 4e6 - 8 * order * 128 - 65_536);
    expect(Math.abs(singularValues[order - 1]! / decay[order - 1]! - 1)).toBeLessThan(0.01);
  });

  it('is told to be unresolved where a byte of that is missing, and takes no more than others', async () => {
    expect(memoryEstimate(matrix, 'auto', most - 1)).toBe(least);
    const { resolved, bytes } = await solved(matrix, { maxMemory: most - 1 });
    expect(resolved).toBeGreaterThan(decay[order - 1]!);
    expect(bytes).toBeLessThanOrEqual(least);
    expect(least).toBeLessThan(most);
  });
});

describe('rows and columns of zeros', () => {
  /** Puts a matrix into a larger one, its rows and columns at even distances. */
  function spread(
    [rows, columns]: [number, number],
    [from, over]: [number, number],
    values: Float64Array,
  ): Float64Array {
    const result = new Float64Array(rows * columns);
    for (let i = 0; i < from; i++) {
      for (let j = 0; j < over; j++) {
        const [row, column] = [Math.floor((i * rows) / from), Math.floor((j * columns) / over)];
        result[row * columns + column] = values[i * over + j]!;
      }
    }
    return result;
  }

  it.each([
    // Rows and columns, those that are not zero, and how often a row is read: to be held, or twice.
    ['rows', 300, 320, 200, 320, 1],
    ['columns', 300, 320, 300, 200, 1],
    ['columns of a square', 300, 300, 300, 250, 1],
    ['both', 300, 300, 250, 240, 1],
    ['columns of a tall', 500, 300, 500, 250, 2],
    ['rows of a tall', 500, 300, 200, 300, 2],
    ['columns of a wide that leave it wide', 300, 900, 299, 500, 1],
  ] as const)('%s are no reason to solve again', async (_, rows, columns, from, over, passes) => {
    const rank = Math.min(from, over);
    const expected = Float64Array.from({ length: rank }, (_, i) => 2 - i / rank);
    const values = spread([rows, columns], [from, over], withSpectrum(from, over, expected));
    const matrix = matrixOf(rows, columns, values);
    const { resolved, singularValues, bytes, read } = await solved(matrix);
    expect(resolved).toBe(0);
    expect(bytes).toBeLessThanOrEqual(memoryEstimate(matrix, 'auto', 0));
    expect(read).toBe(passes * rows);
    expect(singularValues.subarray(rank).every((value) => value === 0)).toBe(true);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs(singularValues[i]! / value - 1)).toBeLessThan(1e-12);
    }
  });

  it('are seen in every stored type, minus zero included', async () => {
    const cases = [
      ['BF16', Uint16Array, 0x3f80, 0x8000],
      ['F16', Uint16Array, 0x3c00, 0x8000],
      ['F32', Float32Array, 1, -0],
      ['F64', Float64Array, 1, -0],
    ] as const;
    for (const [dtype, Stored, one, minusZero] of cases) {
      const stored = new Stored(40 * 40).fill(minusZero);
      for (let i = 0; i < 30; i++) stored[41 * i] = one;
      const matrix = storedMatrix(40, 40, dtype, stored);
      const { resolved, singularValues, bytes } = await solved(matrix);
      expect(resolved).toBe(0);
      expect(bytes).toBeLessThanOrEqual(memoryEstimate(matrix, 'auto', 0));
      expect([...singularValues]).toEqual(Array.from({ length: 40 }, (_, i) => (i < 30 ? 1 : 0)));
    }
  });

  it('do not hide what is lost besides', async () => {
    const count = 200;
    const lost: boolean[] = [];
    for (const decades of [3, 4, 5, 6, 8]) {
      const decay = Float64Array.from({ length: count }, (_, i) => 10 ** ((-decades * i) / count));
      const values = withSpectrum(count, 400, decay);
      const matrix = matrixOf(400, 400, spread([400, 400], [count, 400], values));
      const { resolved, singularValues } = await solved(matrix, { maxMemory: 0 });
      lost.push(resolved > decay[count - 1]!);
      for (const [i, value] of decay.entries()) {
        if (value < resolved) break;
        expect(Math.abs((singularValues[i]! / value) ** 2 - 1)).toBeLessThan(1e-4);
      }
      const again = await solved(matrix);
      expect(again.resolved).toBe(0);
      expect(Math.abs(again.singularValues[count - 1]! / decay[count - 1]! - 1)).toBeLessThan(1e-5);
    }
    expect(lost[0]).toBe(false);
    expect(lost.at(-1)).toBe(true);
  });

  it('leave float32 resolved', async () => {
    const ones = diagonal(40, 50, Array(30).fill(1));
    expect((await solved(matrixOf(40, 50, ones), { precision: 'f32' })).resolved).toBe(0);
  });
});
