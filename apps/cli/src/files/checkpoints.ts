/** The analyses of a model's checkpoints, in the order of training. */
import { type Checkpoint, inNaturalOrder, shortNames } from '@alphalora/documents/comparison';
import type { Io } from '../io.js';
import { readDocument } from './documents.js';
import { inputName } from './read.js';

/** How the order is told. */
export const orderWords = {
  name: 'in the order of their names',
  given: 'in the given order',
} as const;

export type Order = keyof typeof orderWords;

/** @throws AlphaLoraError as `readDocument` */
export async function readCheckpoints(
  files: readonly string[],
  order: Order,
  io: Io,
): Promise<Checkpoint[]> {
  const read: Checkpoint[] = [];
  for (const file of files) {
    read.push({ name: inputName(file), analysis: await readDocument(file, 'analysis', io) });
  }
  return orderedCheckpoints(read, order);
}

/** With short names in place of paths. */
export function orderedCheckpoints(read: readonly Checkpoint[], order: Order): Checkpoint[] {
  const ordered = order === 'name' ? inNaturalOrder(read) : read;
  const names = shortNames(ordered.map(({ name }) => name));
  return ordered.map(({ analysis }, i) => ({ name: names[i]!, analysis }));
}
