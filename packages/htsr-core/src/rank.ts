/**
 * How many singular values of a matrix count.
 *
 * numpy.linalg.matrix_rank counts those above sigma_max * max(rows, columns) * epsilon, with the
 * epsilon of the arithmetic: 2^-52. By that rule a product of low rank that was rounded to float32 (or
 * fewer digits) on its way into a file has full rank, because rounding errors are values too. They must not be fitted.
 * But small singular values of such weights need not be rounding errors: beside one huge element,
 * all others are small. So the matrix decides. Where everything beyond the r largest singular values
 * adds up to no more than rounding makes, r steps of elimination with complete pivoting
 * are applied to some of its rows and columns; what they leave of each element is compared with the
 * rounding errors of the elements that went into it (their variances, to first order).
 */
import type { DType, Matrix } from '@alphalora/contracts';

/** Largest relative error of rounding to a type. */
const roundings: Partial<Record<DType, number>> = {
  ...{ F32: 2 ** -24, F16: 2 ** -11, BF16: 2 ** -8, F8_E4M3: 2 ** -4 },
};
/** Of fewer digits, ranks beyond this are left alone: what is lost there, no fit would miss. */
const MOST_OF_HALF = 64;
/** What is left of an element, in standard deviations; 3.5 at most on products of low rank, from 1e5 on elsewhere. */
const MOST_DEVIATIONS = 10;
/** Rows and columns that are looked at, beyond twice the rank. */
const SAMPLE = 64;

/** @param singularValues all of the matrix, descending */
export async function numericalRank(
  matrix: Matrix,
  singularValues: Float64Array,
  signal?: AbortSignal,
): Promise<number> {
  const { rows, columns, dtype } = matrix;
  const floor = singularValues[0]! * Math.max(rows, columns) * Number.EPSILON;
  const rank = singularValues.filter((value) => value > floor).length;
  const rounding = roundings[dtype];
  if (rounding === undefined) return rank;
  const rounded = energeticRank(singularValues, rounding);
  // Beyond half of the spectrum there is no low rank to speak of.
  const most = Math.min(singularValues.length / 2, dtype === 'F32' ? rank : MOST_OF_HALF);
  if (rounded >= rank || rounded > most) return rank;
  const sample = await sampled(matrix, 2 * rounded + SAMPLE, signal);
  return isRounded(sample, rounded, rounding) ? rounded : rank;
}

/** How many it takes until the squares of the others add up to no more than rounding does. */
function energeticRank(singularValues: Float64Array, rounding: number): number {
  const scaled = singularValues.map((value) => (value / singularValues[0]!) ** 2);
  const allowed = rounding ** 2 * scaled.reduce((sum, value) => sum + value, 0);
  let rank = scaled.length;
  for (let rest = scaled[rank - 1]!; rank > 0 && rest <= allowed; rest += scaled[rank - 1] ?? 0) {
    rank--;
  }
  return rank;
}

/** Rows and columns at even distances, at most `side` of each, scaled to 1: a part of low rank has low rank. */
async function sampled(
  matrix: Matrix,
  side: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array[]> {
  const columns = evenly(matrix.columns, side);
  const lines: Float64Array[] = [];
  for (const row of evenly(matrix.rows, side)) {
    const values = await matrix.read(row, row + 1, signal);
    lines.push(Float64Array.from(columns, (column) => values[column]!));
  }
  const largest = lines.reduce(
    (most, line) => line.reduce((max, value) => Math.max(max, Math.abs(value)), most),
    0,
  );
  if (largest > 0) {
    for (const line of lines) for (const j of line.keys()) line[j]! /= largest;
  }
  return lines;
}

function evenly(length: number, most: number): number[] {
  const count = Math.min(length, most);
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
}

/** Whether `rank` steps of elimination leave nothing but rounding errors. */
function isRounded(lines: Float64Array[], rank: number, rounding: number): boolean {
  const variances = lines.map((line) => line.map((value) => (rounding * value) ** 2 / 3));
  for (let step = 0; step < rank; step++) {
    const { row, column } = largestElement(lines);
    const pivotLine = lines[row]!.slice();
    const pivotVariances = variances[row]!.slice();
    const pivot = pivotLine[column]!;
    if (pivot === 0) return true;
    for (const [i, line] of lines.entries()) {
      const variance = variances[i]!;
      const factor = line[column]! / pivot;
      const own = variance[column]! + factor * factor * pivotVariances[column]!;
      for (let j = 0; j < line.length; j++) {
        const ratio = pivotLine[j]! / pivot;
        line[j]! -= factor * pivotLine[j]!;
        variance[j]! += factor * factor * pivotVariances[j]! + ratio * ratio * own;
      }
      line[column] = 0;
    }
    lines[row]!.fill(0);
  }
  return lines.every((line, i) =>
    line.every((value, j) => value * value <= MOST_DEVIATIONS ** 2 * variances[i]![j]!),
  );
}

function largestElement(lines: readonly Float64Array[]): { row: number; column: number } {
  let [largest, row, column] = [-1, 0, 0];
  for (const [i, line] of lines.entries()) {
    for (let j = 0; j < line.length; j++) {
      const magnitude = Math.abs(line[j]!);
      if (magnitude > largest) [largest, row, column] = [magnitude, i, j];
    }
  }
  return { row, column };
}
