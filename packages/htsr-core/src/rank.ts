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
 * rounding errors of the elements that went into it (their variances, to first order). Huge elements
 * make up for all that is not rounding by themselves, and beside them a product of low rank is no less
 * of low rank: so the largest elements are among those rows and columns, and a few further steps are
 * tried.
 */
import type { DType, Matrix } from '@alphalora/contracts/weights';

/** Largest relative error of rounding to a type. */
const roundings: Partial<Record<DType, number>> = {
  F32: 2 ** -24,
  F16: 2 ** -11,
  BF16: 2 ** -8,
  F8_E4M3: 2 ** -4,
  F8_E5M2: 2 ** -3,
  F8_E4M3FNUZ: 2 ** -4,
  F8_E5M2FNUZ: 2 ** -3,
};
/** Of fewer digits, ranks beyond this are left alone: what is lost there, no fit would miss. */
const MOST_OF_HALF = 64;
/** What is left of an element, in standard deviations; 3.5 at most on products of low rank, from 1e5 on elsewhere. */
const MOST_DEVIATIONS = 10;
/** Rows and columns that are looked at, beyond twice the rank. */
const SAMPLE = 64;
/** Elements that are read at once. */
const BLOCK = 2 ** 20;

/**
 * Steps that are tried beyond those: as many as leave random matrices with huge elements more than
 * MOST_DEVIATIONS, 200 in BF16 and 11 in F8_E5M2.
 */
const BESIDE = { many: 16, few: 4 } as const;

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
  const side = 2 * rounded + SAMPLE;
  const huge = await largestLines(matrix, rounded, signal);
  const lines = {
    rows: [...new Set([...evenly(rows, side), ...huge.rows])],
    columns: [...new Set([...evenly(columns, side), ...huge.columns])],
  };
  const sample = await sampled(matrix, lines, signal);
  const beside = dtype.startsWith('F8') ? BESIDE.few : BESIDE.many;
  const last = Math.min(rounded + beside, Math.floor(most));
  return roundedRank(sample, [rounded, last], rounding) ?? rank;
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

interface Lines {
  rows: number[];
  columns: number[];
}

/** The elements where those lines meet, scaled to 1: a part of low rank has low rank. */
async function sampled(
  matrix: Matrix,
  { rows, columns }: Lines,
  signal: AbortSignal | undefined,
): Promise<Float64Array[]> {
  const lines: Float64Array[] = [];
  for (const row of rows) {
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

/** The rows and columns with the largest elements, so many of each. */
async function largestLines(
  matrix: Matrix,
  count: number,
  signal: AbortSignal | undefined,
): Promise<Lines> {
  const rows = new Float64Array(matrix.rows);
  const columns = new Float64Array(matrix.columns);
  const atOnce = Math.max(1, Math.floor(BLOCK / matrix.columns));
  for (let start = 0; start < matrix.rows; start += atOnce) {
    const values = await matrix.read(start, Math.min(matrix.rows, start + atOnce), signal);
    for (let i = 0; i < values.length; i++) {
      const [row, column] = [start + Math.floor(i / matrix.columns), i % matrix.columns];
      const magnitude = Math.abs(values[i]!);
      if (magnitude > rows[row]!) rows[row] = magnitude;
      if (magnitude > columns[column]!) columns[column] = magnitude;
    }
  }
  const largest = (lines: Float64Array): number[] =>
    [...lines.keys()].sort((a, b) => lines[b]! - lines[a]!).slice(0, count);
  return { rows: largest(rows), columns: largest(columns) };
}

/** How many steps of elimination, from the first number to the last, leave nothing but rounding errors. */
function roundedRank(
  lines: Float64Array[],
  [first, last]: readonly [number, number],
  rounding: number,
): number | undefined {
  const variances = lines.map((line) => line.map((value) => (rounding * value) ** 2 / 3));
  for (let step = 0; ; step++) {
    if (step >= first && isWithin(lines, variances)) return step;
    if (step === last) return undefined;
    const { row, column } = largestElement(lines);
    const pivotLine = lines[row]!.slice();
    const pivotVariances = variances[row]!.slice();
    const pivot = pivotLine[column]!;
    if (pivot === 0) return first;
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
}

/** Whether no element is larger than its rounding errors explain. */
function isWithin(lines: readonly Float64Array[], variances: readonly Float64Array[]): boolean {
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
