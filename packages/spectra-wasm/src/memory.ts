/** How much memory a matrix will take, before any of it is read: for scheduling. */
import type { DType, Precision } from '@alphalora/contracts';
import { elementType } from './input.js';
import { planLayout } from './layout.js';

/** Code and stack of one instance. */
const INSTANCE_BYTES = 4e6;

/**
 * The bytes that an engine takes for one matrix that offers its stored bytes. With `auto` the larger
 * float64 pass counts; the rare matrix whose spectrum reaches too far down for a Gram matrix takes about
 * four times that. May exceed what WebAssembly can address; the engine then refuses the matrix.
 */
export function memoryEstimate(
  matrix: { rows: number; columns: number; dtype: DType },
  precision: Precision,
): number {
  const { rows, columns, dtype } = matrix;
  const rowBytes = columns * elementType(dtype).bytes;
  const arithmetic = precision === 'f32' ? 'f32' : 'f64';
  return planLayout({ rows, columns, rowBytes, precision: arithmetic }).end + INSTANCE_BYTES;
}
