/**
 * What a matrix holds, found as cheaply as can be: from the note of an earlier run about the same
 * identity (nothing is read at all); while the engine reads it; or, where nothing is known of it in
 * advance and the cache has to be asked first, by reading it once for that.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Matrix } from '@alphalora/contracts';
import { writeFileAtomic } from '../files.js';
import { listDigest, matrixDigest, observed } from './digest.js';

export interface Content {
  /** The matrix as it is to be read. */
  readonly matrix: Matrix;
  /** Its digest, where that is known before it is read. */
  readonly known?: string;
  /** Its digest, once it has been read; see `ObservedMatrix`. */
  digest(signal?: AbortSignal): Promise<string>;
}

export interface ContentOptions {
  /** Where notes are kept, if they are. */
  cacheFolder: string | undefined;
  /** Whether the engine reads parts of the matrix in place of the whole. */
  sampled: boolean;
}

/** Raise when the meaning of an identity or of the digests changes. */
const FORMAT = 'digest-1';

export async function contentOf(
  matrix: Matrix,
  { cacheFolder, sampled }: ContentOptions,
  signal?: AbortSignal,
): Promise<Content> {
  const note = noteFile(matrix, cacheFolder);
  const noted = note === undefined ? undefined : await readNote(note);
  const known = (digest: string): Content => ({
    matrix,
    known: digest,
    digest: async () => digest,
  });
  if (noted !== undefined) return known(noted);
  if (matrix.identity !== undefined && !sampled) return observed(matrix);
  return known(await matrixDigest(matrix, signal));
}

/** Writes down the digest for the next run, where the matrix can be recognised without being read. */
export async function keepDigest(
  matrix: Matrix,
  digest: string,
  cacheFolder: string | undefined,
): Promise<void> {
  const note = noteFile(matrix, cacheFolder);
  if (note !== undefined && (await readNote(note)) !== digest) {
    await writeFileAtomic(note, `${digest}\n`);
  }
}

function noteFile(
  { identity, dtype, rows, columns }: Matrix,
  cacheFolder: string | undefined,
): string | undefined {
  if (identity === undefined || cacheFolder === undefined) return undefined;
  const key = listDigest([FORMAT, identity, dtype, String(rows), String(columns)]);
  return join(cacheFolder, 'digests', key.slice(0, 2), key);
}

async function readNote(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^[0-9a-f]{64}\n$/.test(text) ? text.trimEnd() : undefined;
}
