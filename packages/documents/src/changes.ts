/** A number on two sides, and what lies between. */

import { defined } from '@alphalora/contracts';
import type { StackPlace } from '@alphalora/contracts/weights';

/** A number on both sides; absent where a side does not have it. */
export type Change<Key extends string, Name> = Record<Key, Name> & {
  a?: number;
  b?: number;
  /** b - a */
  difference?: number;
  /** Whether the 95 % intervals overlap, where both sides have one. */
  overlap?: boolean;
};

export function difference(
  a: number | undefined,
  b: number | undefined,
): { a?: number; b?: number; difference?: number } {
  return {
    ...defined({ a, b }),
    ...(a !== undefined && b !== undefined && { difference: b - a }),
  };
}

/** Blocks of both sides in the order of their indices. */
export function byIndex<Block extends { index: number; stack?: StackPlace }, Result>(
  a: readonly Block[],
  b: readonly Block[],
  compare: (a: Block | undefined, b: Block | undefined) => Result,
): Array<{ index: number; stack?: StackPlace } & Result> {
  const [blocksA, blocksB] = [a, b].map((blocks) => new Map(blocks.map((x) => [x.index, x])));
  const indices = [...new Set([...blocksA!.keys(), ...blocksB!.keys()])].sort((x, y) => x - y);
  return indices.map((index) => ({
    index,
    ...defined({ stack: (blocksA!.get(index) ?? blocksB!.get(index))?.stack }),
    ...compare(blocksA!.get(index), blocksB!.get(index)),
  }));
}
