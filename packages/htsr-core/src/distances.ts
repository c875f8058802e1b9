/**
 * How far two weights of one shape are apart, as WeightWatcher's `distances` (0.7.5.5) defines it: by the
 * Frobenius norm of their difference, and by the overlap of what they map to. Rows are read in spans.
 */
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import type { Distance, Matrix } from '@alphalora/contracts/weights';
import type { SpectralUnit } from './matrices.js';

export interface DistanceOptions {
  /** Finds the singular values that CKA is computed from; absent: no CKA. */
  engine?: SpectralEngine | undefined;
  signal?: AbortSignal | undefined;
}

/** Elements of each that are read at a time. */
const SPAN = 1 << 20;
/** What WeightWatcher adds to a norm below this. */
const SMALLEST_NORM = 1e-6;

/**
 * @param a of the same shape as `b`, both with their elements: not given as factors
 * @throws what reading and the engine throw; the signal's reason when aborted
 */
export async function unitDistance(
  a: SpectralUnit,
  b: SpectralUnit,
  { engine, signal }: DistanceOptions = {},
): Promise<Distance> {
  const count = a.matrices.length;
  let [euclidean, squares, own, cka] = [0, 0, 0, 0];
  for (const [i, matrix] of a.matrices.entries()) {
    const other = b.matrices[i]!;
    const sums = await squaresOf(matrix, other, signal);
    euclidean += Math.sqrt(sums.difference) / count;
    squares += sums.difference;
    own += sums.own;
    if (engine) cka += (await overlap(matrix, other, engine, signal)) / count;
  }
  return {
    euclidean,
    raw: Math.sqrt(squares),
    ...(own > 0 && { relative: Math.sqrt(squares / own) }),
    ...(engine && { cka }),
  };
}

/** Sums of squares over the elements of A - B, and of A. */
async function squaresOf(
  a: Matrix,
  b: Matrix,
  signal: AbortSignal | undefined,
): Promise<{ difference: number; own: number }> {
  const { rows, columns } = a;
  const step = Math.max(1, Math.floor(SPAN / columns));
  let [difference, own] = [0, 0];
  for (let row = 0; row < rows; row += step) {
    signal?.throwIfAborted();
    const end = Math.min(rows, row + step);
    const [ours, theirs] = [await a.read(row, end, signal), await b.read(row, end, signal)];
    for (let i = 0; i < ours.length; i++) {
      difference += (ours[i]! - theirs[i]!) ** 2;
      own += ours[i]! ** 2;
    }
  }
  return { difference, own };
}

/**
 * The products are not formed. With the singular values s of a matrix, ||W W^T||_F^2 = sum s^4, and
 * [A B] [A B]^T = A A^T + B B^T, so that
 *
 *     2 ||A^T B||_F^2 = 2 <A A^T, B B^T> = sum s_[A B]^4 - sum s_A^4 - sum s_B^4.
 */
async function overlap(
  a: Matrix,
  b: Matrix,
  engine: SpectralEngine,
  signal: AbortSignal | undefined,
): Promise<number> {
  const fourthPowers = async (matrix: Matrix): Promise<number> => {
    const values = await engine.singularValues(matrix, { precision: 'f64', signal });
    return values.reduce((sum, value) => sum + value ** 4, 0);
  };
  const own = await fourthPowers(a);
  const other = await fourthPowers(b);
  const both = await fourthPowers(sideBySide(a, b));
  const norm = (own * other) ** 0.25;
  const product = Math.sqrt(Math.max(0, both - own - other) / 2);
  return product / (norm < SMALLEST_NORM ? norm + SMALLEST_NORM : norm);
}

/** [A B], of equally many rows. */
function sideBySide(a: Matrix, b: Matrix): Matrix {
  const { name, rows, columns } = a;
  return {
    name,
    rows,
    columns: 2 * columns,
    dtype: 'F64',
    async read(start = 0, end = rows, signal) {
      const [left, right] = [await a.read(start, end, signal), await b.read(start, end, signal)];
      const values = new Float64Array(left.length + right.length);
      for (let row = 0; row < end - start; row++) {
        const from = row * columns;
        values.set(left.subarray(from, from + columns), 2 * from);
        values.set(right.subarray(from, from + columns), 2 * from + columns);
      }
      return values;
    },
  };
}
