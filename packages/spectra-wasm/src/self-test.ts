/**
 * A matrix with a known spectrum, to be solved before a build is trusted.
 *
 * W = H_u D H_v with Householder reflections H and a diagonal D has the singular values D exactly. The
 * order spans two tiles and five bands, so every stage and every edge case of padding is on the way.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import { gramSpectrum } from './spectrum.js';
import type { WasmInstance } from './stages.js';

const ORDER = 160;

/** Largest error allowed, as a share of the largest eigenvalue; ten times what a sound build shows. */
const TOLERANCE = { f32: 5e-6, f64: 2e-14 } as const;

/** Whether the build finds a known spectrum in both arithmetics, for a wide and for a tall matrix. */
export async function passesSelfTest(instance: WasmInstance): Promise<boolean> {
  for (const extra of [0, 40]) {
    const { matrix, singularValues: expected } = testMatrix(ORDER + extra, ORDER);
    for (const precision of ['f32', 'f64'] as const) {
      const { singularValues } = await gramSpectrum({
        instance,
        matrix,
        precision,
        held: false,
        signal: undefined,
        onProgress: undefined,
      });
      const allowed = TOLERANCE[precision] * expected[ORDER - 1]! ** 2;
      const sound = singularValues.every(
        (value, i) => Math.abs(value ** 2 - expected[i]! ** 2) <= allowed,
      );
      if (!sound) return false;
    }
  }
  return true;
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
