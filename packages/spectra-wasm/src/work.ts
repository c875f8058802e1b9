/** How long a matrix will take beside others, before any of it is read: for forecasts and progress. */
import type { Precision } from '@alphalora/contracts';
import type { DType } from '@alphalora/contracts/weights';
import { eigenvalueWork } from './eigenvalues.js';
import { wholeTiles } from './layout.js';
import { firstPrecision } from './precision.js';

/** Time of an operation in float32; one in float64 is 1. Vectors hold twice as many. */
export const FLOAT32 = 0.5;

/** Operations of one pass over the Gram matrix, those that run slower counted more. */
export function passWork(rows: number, columns: number): number {
  const padded = wholeTiles(Math.min(rows, columns));
  return padded ** 2 * Math.max(rows, columns) + eigenvalueWork(padded);
}

/** Part of the matrices at most that are done again in float64 where float32 was worth a try: of real ones, one in seven. */
export const REDONE: number = 1 / 3;

/**
 * The least and the most float64 operations that matrices usually take, to which their time is
 * proportional within a tenth, measured from 128 x 128 to 4096 x 11008. They differ where `auto`
 * begins with float32, and the spectrum decides whether float64 follows. Spectra that reach too far
 * down for a Gram matrix take some five times as much; few do.
 * @param begins the arithmetic that `auto` begins with, as the option `first` of the engine
 */
export function workEstimate(
  matrix: { rows: number; columns: number; dtype: DType },
  precision: Precision,
  begins: typeof firstPrecision = firstPrecision,
): { least: number; most: number } {
  const { rows, columns } = matrix;
  const once = passWork(rows, columns);
  const first = precision === 'auto' ? begins(matrix) : precision;
  const least = first === 'f32' ? FLOAT32 * once : once;
  return { least, most: precision === 'auto' && first === 'f32' ? least + REDONE * once : least };
}
