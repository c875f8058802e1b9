/**
 * Householder QR of a tall matrix, R only: W and R have the same singular values, and R is square.
 *
 * Golub and Van Loan, "Matrix Computations", algorithm 5.2.1. The matrix is held by columns so that
 * every inner loop runs over adjacent numbers.
 *
 * @param columns the matrix by columns, each of length rows >= columns.length, its largest value
 * near 1 so that squares stay in range; overwritten
 * @returns R as rows of the upper triangle, [columns, columns]
 */
export function upperTriangle(columns: Float64Array[]): Float64Array[] {
  const n = columns.length;
  for (let k = 0; k < n; k++) {
    const pivot = columns[k]!;
    let squares = 0;
    for (let i = k; i < pivot.length; i++) squares += pivot[i]! * pivot[i]!;
    const norm = Math.sqrt(squares);
    if (norm === 0) continue;
    const beta = pivot[k]! > 0 ? -norm : norm;
    const tau = beta * (beta - pivot[k]!);
    pivot[k]! -= beta;
    for (let j = k + 1; j < n; j++) {
      const column = columns[j]!;
      let dot = 0;
      for (let i = k; i < pivot.length; i++) dot += pivot[i]! * column[i]!;
      const factor = dot / tau;
      for (let i = k; i < pivot.length; i++) column[i]! -= factor * pivot[i]!;
    }
    pivot[k] = beta;
  }
  return columns.map((_, i) => Float64Array.from(columns, (column, j) => (j < i ? 0 : column[i]!)));
}
