/**
 * What was measured of the files of a model while they had their size and time of writing: digests by
 * the names of matrices. It tells a forecast what is in the cache, and nothing else: an analysis takes
 * the digests of what it reads.
 */
import { join } from 'node:path';
import { readTextIfPresent, writeFileAtomic } from '@alphalora/checkpoint/node';
import { isAlphaLoraError } from '@alphalora/contracts';
import { listDigest } from './digest.js';

/** Raise when the meaning of the digests changes. */
const FORMAT = 'model-1';

/** Digests by the names of units. */
export type Digests = ReadonlyMap<string, string>;

/**
 * @param states one line for each file
 * @returns those of earlier runs; none where they cannot be read
 */
export async function readDigests(folder: string, states: readonly string[]): Promise<Digests> {
  try {
    const entries: unknown = JSON.parse((await readTextIfPresent(fileOf(folder, states))) ?? '[]');
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch {
    return new Map();
  }
}

/** Adds digests to those of earlier runs. A cache that cannot be written keeps none. */
export async function keepDigests(
  folder: string,
  states: readonly string[],
  digests: Digests,
): Promise<void> {
  const before = await readDigests(folder, states);
  if ([...digests].every(([name, digest]) => before.get(name) === digest)) return;
  // By name: threads finish in any order, and equal runs leave equal files.
  const all = new Map([...before, ...digests]);
  const entries = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  try {
    await writeFileAtomic(fileOf(folder, states), Buffer.from(JSON.stringify(entries)));
  } catch (error) {
    if (!isAlphaLoraError(error, 'IO_FAILED')) throw error;
  }
}

function isEntry(entry: unknown): entry is [string, string] {
  return (
    Array.isArray(entry) && entry.length === 2 && entry.every((each) => typeof each === 'string')
  );
}

function fileOf(folder: string, states: readonly string[]): string {
  const key = listDigest([FORMAT, ...states]);
  return join(folder, 'models', key.slice(0, 2), key);
}
