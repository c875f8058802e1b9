/**
 * The grid of scales that lies over a weight: one number for all of it, for each row or column, or for each
 * block of rows and columns; of stacked experts, for each of them.
 */
import type { FileTensor } from '../../tensors/file-tensor.js';

export interface Grid {
  /** Scales along each axis of the weight: 1 where an axis shares them. */
  readonly shape: readonly number[];
  /** Rows and columns of a block; those at the edges may have fewer. */
  readonly block: readonly [rows: number, columns: number];
}

/** Sides of blocks where no configuration says another: DeepSeek's. */
const USUAL_SIDE = 128;

/**
 * How the numbers of a tensor lie over a weight of a shape; undefined when they do not.
 *
 * @param sides of blocks, as the configuration gives them
 */
export function fittingGrid(
  shape: readonly number[],
  scale: Pick<FileTensor, 'shape'>,
  sides: readonly number[] = [],
): Grid | undefined {
  const isOne = isOneNumber(scale);
  const missing = shape.length - scale.shape.length;
  // Scales of rows, or of experts, may do without the axes of length 1 that follow.
  const grid = shape.map((_, axis) => (isOne ? 1 : (scale.shape[axis] ?? 1)));
  const block = grid.map((scales, axis) => {
    const fromEnd = shape.length - axis;
    const side = fromEnd <= 2 ? (sides.at(-fromEnd) ?? USUAL_SIDE) : 1;
    return blockSide(shape[axis]!, scales, side);
  });
  if (missing < 0 && !isOne) return undefined;
  const [rows, columns] = block.slice(-2);
  // Matrices have scales of their own, or those with the same first indices share them.
  const leading = grid.slice(0, -2);
  const own = leading.findIndex((scales, axis) => scales === 1 && shape[axis] !== 1);
  const isLeading = leading.every(
    (scales, axis) => scales === (own === -1 || axis < own ? shape[axis] : 1),
  );
  if (rows === undefined || columns === undefined || !isLeading) return undefined;
  return { shape: grid, block: [rows, columns] };
}

/** Whether it is one number for all of a weight. */
export function isOneNumber({ shape }: Pick<FileTensor, 'shape'>): boolean {
  return shape.every((length) => length === 1);
}

/** How many indices of an axis share a scale; undefined where so many scales do not cover it. */
function blockSide(length: number, scales: number, side: number): number | undefined {
  if (scales === 1) return Math.max(1, length);
  if (scales === length) return 1;
  if (Math.ceil(length / side) === scales) return side;
  return scales > 0 && length % scales === 0 ? length / scales : undefined;
}

/** `one scale`, `scales of rows`, `scales of 128 x 128`, ... */
export function gridInWords({ shape, block: [rows, columns] }: Grid): string {
  const [down, across] = shape.slice(-2);
  if (down === 1 && across === 1) {
    return shape.every((scales) => scales === 1) ? 'one scale' : 'one scale per matrix';
  }
  if (across === 1 && rows === 1) return 'scales of rows';
  if (down === 1 && columns === 1) return 'scales of columns';
  return rows === 1 ? `scales of ${columns}` : `scales of ${rows} x ${columns}`;
}
