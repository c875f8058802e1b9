/**
 * A matrix with a known spectrum, to be solved before a build is trusted.
 *
 * W = H_u D H_v with Householder reflections H and a diagonal D has the singular values D exactly. The
 * order spans two tiles and five bands, so every stage and every edge case of padding is on the way.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import { gramSpectrum } from './spectrum.js';
import type { Instance } from './stages.js';

const ORDER = 160;

/** Largest error allowed, as a share of the largest eigenvalue; ten times what a sound build shows. */
const TOLERANCE = { f32: 5e-6, f64: 2e-14 } as const;

/**
 * Whether the build finds a known spectrum in both arithmetics, for a wide and for a tall matrix; and
 * where it multiplies bfloat16 in pairs, whether that gives what float64 gives.
 */
export async function passesSelfTest(instance: Instance): Promise<boolean> {
  const solve = async (matrix: Matrix, precision: 'f32' | 'f64'): Promise<Float64Array> => {
    const once = { held: false, signal: undefined, onProgress: undefined };
    return (await gramSpectrum({ instance, matrix, precision, ...once })).singularValues;
  };
  for (const extra of [0, 40]) {
    const { matrix, singularValues: expected } = testMatrix(ORDER + extra, ORDER);
    for (const precision of ['f32', 'f64'] as const) {
      if (!isClose(await solve(matrix, precision), expected, precision)) return false;
    }
    if (!instance.exports.pairs) continue;
    // An odd number of rows, too: the last pair then lacks a half.
    const halved = await inBfloat16(testMatrix(ORDER + extra + 1, ORDER).matrix);
    if (!isClose(await solve(halved, 'f32'), await solve(halved, 'f64'), 'f32')) return false;
  }
  return true;
}

/** Whether all eigenvalues, the squares, are as right as the arithmetic can have them. */
function isClose(found: Float64Array, expected: Float64Array, precision: 'f32' | 'f64'): boolean {
  const allowed = TOLERANCE[precision] * expected[ORDER - 1]! ** 2;
  return found.every((value, i) => Math.abs(value ** 2 - expected[i]! ** 2) <= allowed);
}

/** A matrix cut to bfloat16, in stored bytes. */
async function inBfloat16(matrix: Matrix): Promise<Matrix> {
  const halves = new Uint16Array(Float32Array.from(await matrix.read()).buffer);
  const bytes = new Uint8Array(halves.filter((_, i) => i % 2 === 1).buffer);
  return {
    ...matrix,
    dtype: 'BF16',
    async readInto(target, start) {
      const from = start * matrix.columns * 2;
      target.set(bytes.subarray(from, from + target.length));
    },
  };
}

function testMatrix(
  rows: number,
  columns: number,
): { matrix: Matrix; singularValues: Float64Array } {
  const singularValues = Float64Array.from(
    { length: columns },
    (_, i) => 0.01 + (i / columns) ** 3,
  );
  const u = Float64Array.from({ length: rows }, (_, i) => Math.sin(i + 1));
  const v = Float64Array.from({ length: columns }, (_, i) => Math.cos(3 * i));
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < columns; i++) values[i * columns + i] = singularValues[i]!;
  reflectRows(values, columns, u);
  reflectColumns(values, columns, v);
  return {
    matrix: {
      name: 'self-test',
      rows,
      columns,
      dtype: 'F64',
      read: async (start = 0, end = rows) => values.slice(start * columns, end * columns),
    },
    singularValues,
  };
}

/** W <- (I - 2 u u^T / u^T u) W */
function reflectRows(values: Float64Array, columns: number, u: Float64Array): void {
  const factor = 2 / u.reduce((total, x) => total + x * x, 0);
  for (let column = 0; column < columns; column++) {
    let dot = 0;
    for (let row = 0; row < u.length; row++) dot += u[row]! * values[row * columns + column]!;
    for (let row = 0; row < u.length; row++) {
      values[row * columns + column]! -= factor * dot * u[row]!;
    }
  }
}

/** W <- W (I - 2 v v^T / v^T v) */
function reflectColumns(values: Float64Array, columns: number, v: Float64Array): void {
  const factor = 2 / v.reduce((total, x) => total + x * x, 0);
  for (let start = 0; start < values.length; start += columns) {
    const row = values.subarray(start, start + columns);
    const dot = row.reduce((total, x, column) => total + x * v[column]!, 0);
    for (let column = 0; column < columns; column++) row[column]! -= factor * dot * v[column]!;
  }
}
