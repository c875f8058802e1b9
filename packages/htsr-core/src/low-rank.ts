/**
 * The spectrum of a matrix given as factors, without the matrix.
 *
 * With left = Q_L R_L and right^T = Q_R R_R (QR decompositions), the product is
 *
 *     scale * left * right = Q_L (scale * R_L * R_R^T) Q_R^T,
 *
 * so the small matrix in the middle, the core, has its nonzero singular values (Golub and Van Loan,
 * "Matrix Computations", 5.4.1 on factoring before the decomposition). Beside the cost, which is
 * linear in the sides instead of cubic, this keeps the rank: rounding the product would give it
 * tiny singular values that a fit could take for a tail.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { LowRankFactors, Matrix } from '@alphalora/contracts/weights';
import { upperTriangle } from './engines/qr.js';

/** Sides of the core of a rows x columns matrix: each at most the rank. */
export function coreShape(
  { rank }: Pick<LowRankFactors, 'rank'>,
  [rows, columns]: readonly [rows: number, columns: number],
): [rows: number, columns: number] {
  return [Math.min(rows, rank), Math.min(columns, rank)];
}

/**
 * The core of `scale * left * right`, in float64: its singular values are the largest
 * min(rows, columns, rank) of the product, which has no others but zeros.
 *
 * @returns row-major, of the sides that {@link coreShape} gives: rank x rank, unless the matrix
 *   itself is smaller
 * @throws AlphaLoraError `NO_SPECTRUM` when a factor contains NaN or infinity
 */
export async function coreOf(
  factors: LowRankFactors,
  rows: number,
  columns: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { rank, scale } = factors;
  const left = triangle(await factors.left(signal), (row, k) => row * rank + k, rows, rank);
  const right = triangle(
    await factors.right(signal),
    (column, k) => k * columns + column,
    columns,
    rank,
  );
  const core = new Float64Array(left.lines.length * right.lines.length);
  let next = 0;
  for (const a of left.lines) {
    for (const b of right.lines) {
      let dot = 0;
      for (let k = 0; k < rank; k++) dot += a[k]! * b[k]!;
      core[next++] = dot * left.unit * right.unit * scale;
    }
  }
  return core;
}

/**
 * The core as a matrix for an engine, in place of the matrix that the factors stand for.
 *
 * @param shape of that matrix, [rows, columns]
 */
export function lowRankMatrix(
  name: string,
  shape: readonly [rows: number, columns: number],
  factors: LowRankFactors,
): Matrix {
  const [rows, columns] = coreShape(factors, shape);
  return {
    name,
    rows,
    columns,
    dtype: 'F64',
    async read(start = 0, end = rows, signal) {
      const core = await coreOf(factors, shape[0], shape[1], signal);
      return core.subarray(start * columns, end * columns);
    },
  };
}

interface Triangle {
  /** min(length, rank) lines of `rank` numbers. */
  lines: Float64Array[];
  /** The power of two that they are to be multiplied by. */
  unit: number;
}

/**
 * R of the QR decomposition of a [length, rank] factor; the factor itself where it is wider than
 * tall, as there is nothing to reduce then.
 */
function triangle(
  values: Float32Array | Float64Array,
  indexOf: (row: number, k: number) => number,
  length: number,
  rank: number,
): Triangle {
  // Brought near 1, so that squares of float64 neither overflow nor vanish.
  const unit = powerOfTwoBelow(largestMagnitude(values));
  const at = (row: number, k: number): number => values[indexOf(row, k)]! / unit;
  const lines =
    length < rank
      ? matrixOf(length, rank, at)
      : upperTriangle(matrixOf(rank, length, (k, row) => at(row, k)));
  return { lines, unit };
}

function matrixOf(
  rows: number,
  columns: number,
  at: (row: number, column: number) => number,
): Float64Array[] {
  return Array.from({ length: rows }, (_, i) =>
    Float64Array.from({ length: columns }, (_, j) => at(i, j)),
  );
}

function largestMagnitude(values: Float32Array | Float64Array): number {
  let largest = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) {
      const what = Number.isNaN(value) ? 'NaN' : 'infinity';
      throw new AlphaLoraError('NO_SPECTRUM', `a factor contains ${what}`);
    }
    largest = Math.max(largest, Math.abs(value));
  }
  return largest;
}

function powerOfTwoBelow(magnitude: number): number {
  return magnitude === 0 ? 1 : 2 ** Math.max(-1000, Math.floor(Math.log2(magnitude)));
}
