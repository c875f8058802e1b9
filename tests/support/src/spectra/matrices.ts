/** Matrices for tests, in memory, with spectra that are known without computing them. */
import type { DType, Matrix } from '@alphalora/contracts/weights';

/** A matrix that decodes its rows and offers no stored bytes. */
export function matrixOf(
  rows: number,
  columns: number,
  values: Float64Array | Float32Array,
  dtype: DType = values instanceof Float32Array ? 'F32' : 'F64',
): Matrix {
  return {
    name: 'w',
    rows,
    columns,
    dtype,
    read: async (start = 0, end = rows) => values.slice(start * columns, end * columns),
  };
}

/** A matrix of stored bytes that cannot be read decoded. */
export function storedMatrix(
  rows: number,
  columns: number,
  dtype: DType,
  stored: Uint16Array | Float32Array | Float64Array,
): Matrix {
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  const rowBytes = bytes.length / rows;
  return {
    name: 'w',
    rows,
    columns,
    dtype,
    read: async () => {
      throw new Error('the engine should read the stored bytes');
    },
    readInto: async (target, start) => {
      target.set(bytes.subarray(start * rowBytes, start * rowBytes + target.length));
    },
  };
}

/** The value of a float16 by its definition. */
export function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

/** Numbers in [-1, 1) from a seed (xorshift). */
function randomSource(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}

export function randomValues(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, randomSource(seed));
}

/** rows x columns with the given numbers on its diagonal. */
export function diagonal(rows: number, columns: number, entries: ArrayLike<number>): Float64Array {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < entries.length; i++) values[i * columns + i] = entries[i]!;
  return values;
}

/** (I - 2 u u^T / u^T u) W: an orthogonal transformation that changes every element. */
export function reflectRows(values: Float64Array, columns: number, seed: number): Float64Array {
  const rows = values.length / columns;
  const u = randomValues(rows, seed);
  const factor = 2 / u.reduce((total, x) => total + x * x, 0);
  const result = values.slice();
  for (let column = 0; column < columns; column++) {
    let dot = 0;
    for (let row = 0; row < rows; row++) dot += u[row]! * values[row * columns + column]!;
    for (let row = 0; row < rows; row++) {
      result[row * columns + column]! -= factor * dot * u[row]!;
    }
  }
  return result;
}

export function transpose(values: Float64Array, columns: number): Float64Array {
  const rows = values.length / columns;
  const result = new Float64Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]!;
  }
  return result;
}

/**
 * rows x columns with exactly these singular values, up to the rounding of the products: reflections
 * from both sides, two each, of a diagonal matrix.
 */
export function withSpectrum(
  rows: number,
  columns: number,
  singularValues: ArrayLike<number>,
): Float64Array {
  let values = diagonal(rows, columns, singularValues);
  values = reflectRows(reflectRows(values, columns, 11), columns, 12);
  values = transpose(values, columns);
  values = reflectRows(reflectRows(values, rows, 13), rows, 14);
  return transpose(values, rows);
}

/** Largest difference of the eigenvalues (squares), as a share of the largest expected one. */
export function eigenvalueError(actual: Float64Array, expected: ArrayLike<number>): number {
  const sorted = Float64Array.from(expected).sort().reverse();
  if (actual.length !== sorted.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < sorted.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! ** 2 - sorted[i]! ** 2));
  }
  return worst / sorted[0]! ** 2;
}
