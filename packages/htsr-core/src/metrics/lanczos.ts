/**
 * The largest eigenvalues of W^T W for a W in memory, by the Lanczos iteration: a few dozen passes
 * over the matrix where a decomposition costs as many as it has columns.
 *
 * Golub and Van Loan, "Matrix Computations", section 10.1, with full reorthogonalisation: of a few
 * dozen vectors it costs little, and no eigenvalue is found twice. Ritz values approach from below,
 * so an eigenvalue can be missed but not invented; for gap g between an eigenvalue and the rest of
 * the spectrum, relative to its width, the error falls as exp(-4 k sqrt(g)) after k steps.
 */

import type { Random } from '@alphalora/contracts/numbers';
import { Matrix as DenseMatrix, EigenvalueDecomposition } from 'ml-matrix';

/** Steps before anything is believed: enough for a spike a hundredth of the width away. */
const FEWEST_STEPS = 32;
const MOST_STEPS = 128;
/** Steps between two looks at the Ritz values. */
const STRIDE = 8;
/** Residual, relative to its eigenvalue, at which a Ritz value counts as found. */
const TOLERANCE = 1e-4;

export interface LanczosParams {
  /** [rows, columns], row-major; cheapest with the shorter side as columns. */
  values: Float32Array | Float64Array;
  rows: number;
  columns: number;
  /** How many of the largest eigenvalues have to be exact, given those found, ascending. */
  wanted: (found: Float64Array) => number;
  random: Random;
  /** Called after each step; rejects to stop the iteration. */
  step?: () => Promise<void>;
}

/**
 * The wanted largest eigenvalues, ascending, as far as they have converged after 128 steps. Where none
 * is wanted, the largest alone, which at the edge of a bulk is up to half a percent too small.
 */
export async function largestEigenvalues(params: LanczosParams): Promise<Float64Array> {
  const { values, rows, columns, wanted, random, step } = params;
  const most = Math.min(MOST_STEPS, columns);
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let direction: Float64Array = Float64Array.from({ length: columns }, () => random() - 0.5);
  let length = Math.sqrt(dot(direction, direction));

  for (;;) {
    const vector = direction.map((value) => value / length);
    basis.push(vector);
    const next = multiplyGram(values, rows, columns, vector);
    diagonal.push(dot(next, vector));
    // Twice: once leaves components in the size of the rounding of what was taken away.
    for (const earlier of [...basis, ...basis]) subtract(next, dot(next, earlier), earlier);
    direction = next;
    length = Math.sqrt(dot(direction, direction));
    const steps = basis.length;
    // An invariant subspace: all that can be found from this start has been.
    const exhausted = steps === most || length <= Number.EPSILON * diagonal[0]!;
    if (exhausted || (steps >= FEWEST_STEPS && steps % STRIDE === 0)) {
      const { ritz, residuals } = ritzValues(diagonal, offDiagonal, length);
      const count = Math.min(wanted(ritz), ritz.length);
      const first = ritz.length - count;
      const converged = residuals
        .subarray(first)
        .every((residual, i) => residual <= TOLERANCE * ritz[first + i]!);
      // Every spike takes about one step for itself; the others are left for what is not yet seen.
      if (exhausted || (converged && steps >= FEWEST_STEPS + 2 * count))
        return ritz.slice(Math.min(first, ritz.length - 1));
    }
    offDiagonal.push(length);
    await step?.();
  }
}

/** W^T (W v): every row is read once and used twice; two at a time, to use what was read of v twice. */
function multiplyGram(
  values: Float32Array | Float64Array,
  rows: number,
  columns: number,
  vector: Float64Array,
): Float64Array {
  const result = new Float64Array(columns);
  for (let row = 0; row < rows; row += 2) {
    const first = values.subarray(row * columns, (row + 1) * columns);
    // The last row of an odd number has itself beside it, with weight 0.
    const paired = row + 1 < rows;
    const second = paired ? values.subarray((row + 1) * columns, (row + 2) * columns) : first;
    let [a, b] = [0, 0];
    for (let i = 0; i < columns; i++) {
      const component = vector[i]!;
      a += first[i]! * component;
      b += second[i]! * component;
    }
    if (!paired) b = 0;
    for (let i = 0; i < columns; i++) result[i]! += a * first[i]! + b * second[i]!;
  }
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function subtract(from: Float64Array, factor: number, vector: Float64Array): void {
  for (let i = 0; i < from.length; i++) from[i]! -= factor * vector[i]!;
}

/** Eigenvalues of the tridiagonal matrix, ascending, and how far each is from an eigenvalue of the Gram matrix. */
function ritzValues(
  diagonal: readonly number[],
  offDiagonal: readonly number[],
  next: number,
): { ritz: Float64Array; residuals: Float64Array } {
  const size = diagonal.length;
  const dense = DenseMatrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    dense.set(i, i, diagonal[i]!);
    if (i + 1 === size) break;
    dense.set(i, i + 1, offDiagonal[i]!);
    dense.set(i + 1, i, offDiagonal[i]!);
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(dense, {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort(
    (a, b) => realEigenvalues[a]! - realEigenvalues[b]!,
  );
  return {
    ritz: Float64Array.from(order, (i) => realEigenvalues[i]!),
    residuals: Float64Array.from(order, (i) => next * Math.abs(eigenvectorMatrix.get(size - 1, i))),
  };
}
