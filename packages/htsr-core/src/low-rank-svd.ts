/**
 * The thin singular value decomposition of a matrix given as factors, without the matrix.
 *
 * With left = Q_L R_L and right^T = Q_R R_R, the small core scale * R_L R_R^T = U S V^T gives the whole
 * product as (Q_L U) S (Q_R V)^T; see `low-rank.ts`.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { LowRankFactors } from '@alphalora/contracts/weights';
import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';

export interface LowRankDecomposition {
  /** Falling; at most as many as the rank and the sides. */
  readonly singularValues: Float64Array;
  /**
   * The closest matrix of this rank (Eckart and Young, 1936) as a product, the singular values shared
   * out evenly: left [rows, rank], right [rank, columns], row-major.
   */
  truncated(rank: number): { left: Float64Array; right: Float64Array };
}

/**
 * @throws AlphaLoraError `NO_SPECTRUM` when a factor contains NaN or infinity
 * @example
 * const { singularValues } = await decomposedFactors(weight.factors, weight.shape);
 */
export async function decomposedFactors(
  factors: LowRankFactors,
  [rows, columns]: readonly [rows: number, columns: number],
  signal?: AbortSignal,
): Promise<LowRankDecomposition> {
  const { rank, scale } = factors;
  const left = await factors.left(signal);
  const right = await factors.right(signal);
  requireFinite(left);
  requireFinite(right);
  const ofLeft = orthogonal(new Matrix(linesOf(left, rows, rank)));
  const ofRight = orthogonal(new Matrix(linesOf(right, rank, columns)).transpose());
  const core = ofLeft.r.mmul(ofRight.r.transpose()).mul(scale);
  const svd = new SingularValueDecomposition(core, { autoTranspose: true });
  const order = svd.diagonal.map((value, i) => ({ value, i })).sort((a, b) => b.value - a.value);
  const singularValues = Float64Array.from(order, ({ value }) => value);
  requireFinite(singularValues);
  return {
    singularValues,
    truncated(kept) {
      const chosen = order.slice(0, kept);
      const columnsOf = (vectors: Matrix): Matrix =>
        new Matrix(
          Array.from({ length: vectors.rows }, (_, row) =>
            chosen.map(({ i }) => vectors.get(row, i)),
          ),
        );
      const roots = chosen.map(({ value }) => Math.sqrt(value));
      const u = ofLeft.q.mmul(columnsOf(svd.leftSingularVectors)).mulRowVector(roots);
      const v = ofRight.q.mmul(columnsOf(svd.rightSingularVectors)).mulRowVector(roots);
      return {
        left: Float64Array.from(u.to1DArray()),
        right: Float64Array.from(v.transpose().to1DArray()),
      };
    },
  };
}

/** A tall matrix as Q R; a wide one is its own R. */
function orthogonal(matrix: Matrix): { q: Matrix; r: Matrix } {
  if (matrix.rows < matrix.columns) return { q: Matrix.eye(matrix.rows), r: matrix };
  const decomposition = new QrDecomposition(matrix);
  return { q: decomposition.orthogonalMatrix, r: decomposition.upperTriangularMatrix };
}

function linesOf(values: Float32Array | Float64Array, rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, (_, i) =>
    Array.from(values.subarray(i * columns, (i + 1) * columns)),
  );
}

function requireFinite(values: Float32Array | Float64Array): void {
  if (values.every(Number.isFinite)) return;
  throw new AlphaLoraError('NO_SPECTRUM', 'a factor contains NaN, infinity or values out of range');
}
