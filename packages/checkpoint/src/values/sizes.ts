/** How many elements a shape has, and how many bytes these take as stored. */
import { type DType, elementTypes } from '@alphalora/contracts/weights';

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Stored size of `count` elements, in bytes; a whole number where they fill their blocks. */
export function storedBytes(dtype: DType, count: number): number {
  const { elements, bytes } = elementTypes[dtype];
  return (count / elements) * bytes;
}

/** Whether so many elements fill their blocks: always, of types that are stored one by one. */
export function fillsBlocks(dtype: DType, count: number): boolean {
  return count % elementTypes[dtype].elements === 0;
}
