/**
 * A matrix that is far from square, reduced to a square triangle with the same singular values.
 *
 * Householder QR of the longer side (Golub and Van Loan, "Matrix Computations", 5.2), slab after
 * slab: each is annihilated against the triangle so far, so the matrix is never held. Plain
 * JavaScript, as few matrices need it.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import { createRowReader } from './input.js';
import { type Geometry, type Layout, planLayout, reserve } from './layout.js';
import { createPass, createStepper } from './pass.js';
import { eachSlab } from './slabs.js';
import type { Instance } from './stages.js';

/** Where the slabs of a matrix are packed; holds a wide one. */
export function triangleLayout(
  matrix: { rows: number; columns: number; rowBytes: number },
  geometry: Geometry,
): Layout {
  const holdLimit = Number.POSITIVE_INFINITY;
  return planLayout({ ...matrix, precision: 'f64', holdLimit, geometry });
}

/** Bytes beside that layout: the triangle, and a slab by columns. */
export function triangleBytes({ order, depth }: Layout): number {
  return 8 * order * (order + depth);
}

/** The triangle, times `scale`. */
export async function triangularFactor(params: {
  instance: Instance;
  matrix: Matrix;
  held: boolean;
  scale: number;
  signal: AbortSignal | undefined;
}): Promise<Matrix> {
  const { instance, matrix, held, scale, signal } = params;
  const { memory, geometry } = instance;
  const { name, rows, columns } = matrix;
  const order = Math.min(rows, columns);
  const reader = createRowReader(matrix, memory, signal);
  const layout = triangleLayout({ rows, columns, rowBytes: reader.rowBytes }, geometry);
  reserve(memory, layout, name);
  const step = createStepper({ total: 1, signal, onProgress: undefined });
  const pass = createPass(instance, { rows, columns, layout, step, precision: 'f64' });

  const values = new Float64Array(order * order);
  const triangle = Array.from({ length: order }, (_, i) =>
    values.subarray(i * order, (i + 1) * order),
  );
  const lanes = geometry.panelBytes / 8;
  const packing = pass.packing(reader.kind, scale);
  await eachSlab(pass, reader, { packing, scale, held }, async (_, depth) => {
    const packed = new Float64Array(memory.buffer, layout.panels, layout.padded * depth);
    const slab = Array.from({ length: order }, (_, i) => {
      const start = Math.floor(i / lanes) * depth * lanes + (i % lanes);
      return Float64Array.from({ length: depth }, (_, k) => packed[start + k * lanes]!);
    });
    for (let pivot = 0; pivot < order; pivot++) {
      annihilate(triangle, slab, pivot);
      await step(0);
    }
  });
  return {
    name,
    rows: order,
    columns: order,
    dtype: 'F64',
    read: async (start = 0, end = order) => values.subarray(start * order, end * order),
  };
}

/**
 * A reflection that moves column `pivot` of the slab into the triangle's diagonal.
 * @param triangle by rows
 * @param slab by columns; its columns before `pivot` are zero by now and not looked at
 */
function annihilate(triangle: Float64Array[], slab: Float64Array[], pivot: number): void {
  const column = slab[pivot]!;
  const row = triangle[pivot]!;
  let squares = 0;
  for (let k = 0; k < column.length; k++) squares += column[k]! * column[k]!;
  if (squares === 0) return;
  const head = row[pivot]!;
  const norm = Math.sqrt(head * head + squares);
  const diagonal = head > 0 ? -norm : norm;
  const first = head - diagonal;
  const half = -diagonal * first;
  row[pivot] = diagonal;
  for (let j = pivot + 1; j < slab.length; j++) {
    const other = slab[j]!;
    let dot = first * row[j]!;
    for (let k = 0; k < column.length; k++) dot += column[k]! * other[k]!;
    const factor = dot / half;
    row[j]! -= factor * first;
    for (let k = 0; k < column.length; k++) other[k]! -= factor * column[k]!;
  }
}
