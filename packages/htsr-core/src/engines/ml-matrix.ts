/**
 * Reference engine: Golub-Kahan SVD in float64 by ml-matrix, after a QR step for matrices that are
 * far from square. Exact to rounding, pure JavaScript, O(min^2 max) and slow: use it for small
 * matrices and to check other engines against.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { SpectralEngine, SpectrumOptions } from '@alphalora/contracts/extensions';
import type { Matrix } from '@alphalora/contracts/weights';
import { Matrix as DenseMatrix, SingularValueDecomposition } from 'ml-matrix';
import { upperTriangle } from './qr.js';

/** From this ratio of the sides on, reducing to the square R first costs less than it saves. */
const QR_RATIO = 1.5;

export function createReferenceEngine(): SpectralEngine {
  return { name: 'ml-matrix', singularValues };
}

async function singularValues(
  matrix: Matrix,
  options: SpectrumOptions = {},
): Promise<Float64Array> {
  options.signal?.throwIfAborted();
  const values = await matrix.read(0, matrix.rows, options.signal);
  const scale = binaryScale(largestMagnitude(values));
  const lines = shorterSideFirst(values, matrix.rows, matrix.columns, scale);
  const reduce = lines[0]!.length >= QR_RATIO * lines.length;
  const svd = new SingularValueDecomposition(
    new DenseMatrix(reduce ? upperTriangle(lines) : lines),
    { computeLeftSingularVectors: false, computeRightSingularVectors: false, autoTranspose: true },
  );
  options.onPrecision?.('f64', 0);
  return Float64Array.from(svd.diagonal, (value) => value / scale)
    .sort()
    .reverse();
}

function largestMagnitude(values: Float32Array | Float64Array): number {
  let largest = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) {
      const what = Number.isNaN(value) ? 'NaN' : 'infinity';
      throw new AlphaLoraError('NO_SPECTRUM', `contains ${what}`);
    }
    largest = Math.max(largest, Math.abs(value));
  }
  return largest;
}

/** The power of two that brings the values near 1, where squares neither overflow nor underflow. */
function binaryScale(largest: number): number {
  return largest === 0 ? 1 : 2 ** -Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))));
}

/** The scaled matrix as min(rows, columns) arrays along its longer side; transposing keeps the spectrum. */
function shorterSideFirst(
  values: Float32Array | Float64Array,
  rows: number,
  columns: number,
  scale: number,
): Float64Array[] {
  const wide = rows <= columns;
  const [count, length] = wide ? [rows, columns] : [columns, rows];
  return Array.from({ length: count }, (_, i) =>
    Float64Array.from(
      { length },
      (_, j) => scale * (wide ? values[i * columns + j]! : values[j * columns + i]!),
    ),
  );
}
