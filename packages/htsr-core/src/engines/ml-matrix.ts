/**
 * Reference engine: Golub-Kahan SVD in float64 by ml-matrix, after a QR step for matrices that are
 * far from square. Exact to rounding, pure JavaScript, O(min^2 max) and slow: use it for small
 * matrices and to check other engines against.
 */
import {
  AlphaLoraError,
  type Matrix,
  type SpectralEngine,
  type SpectrumOptions,
} from '@alphalora/contracts';
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
  refuseNonFinite(values);
  const lines = shorterSideFirst(values, matrix.rows, matrix.columns);
  const reduce = lines[0]!.length >= QR_RATIO * lines.length;
  const svd = new SingularValueDecomposition(
    new DenseMatrix(reduce ? upperTriangle(lines) : lines),
    { computeLeftSingularVectors: false, computeRightSingularVectors: false, autoTranspose: true },
  );
  options.onPrecision?.('f64');
  return Float64Array.from(svd.diagonal).sort().reverse();
}

function refuseNonFinite(values: Float32Array | Float64Array): void {
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw new AlphaLoraError('NO_SPECTRUM', `contains ${Number.isNaN(value) ? 'NaN' : 'infinity'}`);
  }
}

/** The matrix as min(rows, columns) arrays along its longer side; transposing keeps the spectrum. */
function shorterSideFirst(
  values: Float32Array | Float64Array,
  rows: number,
  columns: number,
): Float64Array[] {
  if (rows <= columns) {
    return Array.from({ length: rows }, (_, i) =>
      Float64Array.from(values.subarray(i * columns, (i + 1) * columns)),
    );
  }
  return Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => values[i * columns + j]!),
  );
}
