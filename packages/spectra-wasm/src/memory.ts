/** How much memory a matrix will take, before any of it is read: for scheduling. */
import type { DType, Precision } from '@alphalora/contracts';

/** Panels, band, workspace and diagonals per row of the Gram matrix, in bytes per byte of a number. */
const WORK_PER_ROW = 640;
/** Code, stack and buffers of one instance. */
const FIXED = 4e6;
/** A tall matrix is read in blocks of this size, a wide one is held up to the limit. */
const BLOCK = 8e6;
const HOLD_LIMIT = 2.5e9;

const storedBytes: Partial<Record<DType, number>> = { F32: 4, F16: 2, BF16: 2 };

/**
 * Estimate of the bytes that the engine takes for one matrix: the triangle of its Gram matrix, the
 * matrix itself when it is wide, and work space. With `auto` the larger float64 pass counts.
 */
export function memoryEstimate(
  matrix: { rows: number; columns: number; dtype: DType },
  precision: Precision,
): number {
  const { rows, columns, dtype } = matrix;
  const order = Math.min(rows, columns);
  const size = precision === 'f32' ? 4 : 8;
  const stored = rows * columns * (storedBytes[dtype] ?? 8);
  const triangle = (order * (order + 128) * size) / 2;
  const input = rows > columns ? Math.min(stored, BLOCK) : stored;
  const needed = triangle + order * WORK_PER_ROW * size + FIXED;
  return needed + Math.min(input, Math.max(BLOCK, HOLD_LIMIT - needed));
}
