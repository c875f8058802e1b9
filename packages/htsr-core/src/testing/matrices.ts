/**
 * Matrices whose singular values are known to the last digit: what Sylvester's Hadamard matrices `H`
 * (plus and minus one, rows orthogonal) make of a diagonal `D` of integers has integer elements, which
 * float32 holds, so that nothing is rounded before an engine sees it.
 */
import type { Matrix } from '@alphalora/contracts/weights';

export interface KnownMatrix {
  readonly name: string;
  readonly matrix: Matrix;
  /** Descending, min(rows, columns) of them. */
  readonly singularValues: readonly number[];
}

type Element = (row: number, column: number) => number;

/** The sign of `H[row, column]`: the parity of the bits that both indices have. */
const hadamard: Element = (row, column) => {
  let bits = row & column;
  let sign = 1;
  for (; bits > 0; bits &= bits - 1) sign = -sign;
  return sign;
};

export function matrixOf(
  rows: number,
  columns: number,
  element: Element,
  dtype: 'F32' | 'F64' = 'F32',
): Matrix {
  return {
    name: `w.${rows}x${columns}`,
    rows,
    columns,
    dtype,
    async read(start = 0, end = rows, signal?: AbortSignal) {
      signal?.throwIfAborted();
      const values = new (dtype === 'F32' ? Float32Array : Float64Array)((end - start) * columns);
      for (let i = 0; i < values.length; i++) {
        values[i] = element(start + Math.floor(i / columns), i % columns);
      }
      return values;
    },
  };
}

const descending = (values: Iterable<number>): number[] => [...values].sort((a, b) => b - a);

/** H D of `order` rows and columns, or the first `columns` of them; singular values d sqrt(order). */
function planted(order: number, diagonal: readonly number[]): [Matrix, number[]] {
  const columns = diagonal.length;
  const matrix = matrixOf(order, columns, (i, j) => hadamard(i, j) * diagonal[j]!);
  return [matrix, descending(diagonal.map((value) => value * Math.sqrt(order)))];
}

/** H D H, whose elements are sums over all of the diagonal. */
function mixed(order: number, diagonal: readonly number[]): [Matrix, number[]] {
  const matrix = matrixOf(order, order, (i, j) =>
    diagonal.reduce((sum, value, k) => sum + hadamard(i, k) * value * hadamard(k, j), 0),
  );
  return [matrix, descending(diagonal.map((value) => value * order))];
}

/** In no order, with a wide spread: every value is there to be found. */
const spread = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => 1 + ((i * 37) % count) ** 2);

/** Hilbert matrix of order 5, 1 / (i + j + 1); singular values as published (condition 4.8e5). */
const hilbert = [
  1.567050691098231, 0.208534218611013, 0.01140749162342, 0.000305898040151, 0.000003287928772,
];

export function knownMatrices(): KnownMatrix[] {
  const named = (name: string, [matrix, singularValues]: [Matrix, number[]]): KnownMatrix => ({
    name,
    matrix,
    singularValues,
  });
  const wide = spread(16);
  const zeros = spread(32).map((value, i) => (i % 4 === 0 ? value : 0));
  const [, wideValues] = planted(64, wide);
  return [
    named('a diagonal', [
      matrixOf(5, 5, (i, j) => (i === j ? [3, 0.5, 7, 1, 2][i]! : 0)),
      [7, 3, 2, 1, 0.5],
    ]),
    named('a square matrix', mixed(32, spread(32))),
    named('a tall matrix', planted(64, wide)),
    named('a wide matrix', [matrixOf(16, 64, (i, j) => hadamard(j, i) * wide[i]!), wideValues]),
    named('a matrix of rank 8', mixed(32, zeros)),
    named('equal singular values', planted(32, Array(32).fill(3))),
    named('one value far above all others', planted(32, [4096, ...Array(31).fill(1)])),
    named('a Hilbert matrix', [matrixOf(5, 5, (i, j) => 1 / (i + j + 1), 'F64'), [...hilbert]]),
    named('a single row', [matrixOf(1, 4, (_, j) => [1, 2, 2, 4][j]!), [5]]),
    named('a single column', [matrixOf(4, 1, (i) => [1, 2, 2, 4][i]!), [5]]),
    named('a single element', [matrixOf(1, 1, () => -3), [3]]),
    named('a constant matrix', [matrixOf(9, 4, () => 2), [12, 0, 0, 0]]),
    named('a matrix of zeros', [matrixOf(6, 3, () => 0), [0, 0, 0]]),
    named('large elements', [
      matrixOf(2, 2, (i, j) => (i === j ? 2 ** (100 - i) : 0)),
      [2 ** 100, 2 ** 99],
    ]),
    named('small elements', [
      matrixOf(2, 2, (i, j) => (i === j ? 2 ** (-100 - i) : 0)),
      [2 ** -100, 2 ** -101],
    ]),
  ];
}
