/**
 * What a matrix holds, found as cheaply as can be: from the note of an earlier run about the same
 * identity (nothing is read at all); while the engine reads it; or, where nothing is known of it in
 * advance and the cache has to be asked first, by reading it once for that.
 *
 * An identity, such as the digest that a hub lists, says what should arrive, not what does. So a note
 * holds the digest of bytes that were read here, and as soon as anything is read again it is held to
 * that.
 */
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Matrix } from '@alphalora/contracts/weights';
import { listDigest, observed } from './digest.js';
import { readSealed, writeSealed } from './sealed.js';

export interface Content {
  /** The matrix as it is to be read. */
  readonly matrix: Matrix;
  /** Its digest, where that is known before it is read. */
  readonly known?: string;
  /**
   * The digest of what has been read, once it has been; see `ObservedMatrix`.
   *
   * @throws AlphaLoraError `IO_FAILED` when an earlier run read other bytes
   */
  digest(signal?: AbortSignal): Promise<string>;
}

export interface ContentOptions {
  /** Where notes are kept, if they are. */
  cacheFolder: string | undefined;
  /** Whether the engine reads parts of the matrix in place of the whole. */
  sampled: boolean;
}

/** Raise when the meaning of an identity or of the digests changes. */
const FORMAT = 'digest-2';
const DIGEST_BYTES = 32;

export async function contentOf(
  original: Matrix,
  { cacheFolder, sampled }: ContentOptions,
  signal?: AbortSignal,
): Promise<Content> {
  const { matrix, digest, isRead } = observed(original);
  const noted = await readNote(original, cacheFolder);
  if (noted !== undefined) {
    return {
      matrix,
      known: noted,
      async digest(stop) {
        if (isRead() && (await digest(stop)) !== noted) throw otherBytes(matrix.name);
        return noted;
      },
    };
  }
  const isFirst = cacheFolder !== undefined && (original.identity === undefined || sampled);
  return { matrix, digest, ...(isFirst && { known: await digest(signal) }) };
}

/** Writes down the digest for the next run, where the matrix can be recognised without being read. */
export async function keepDigest(
  matrix: Matrix,
  digest: string,
  cacheFolder: string | undefined,
): Promise<void> {
  const note = noteOf(matrix, cacheFolder);
  if (note !== undefined && (await readNote(matrix, cacheFolder)) !== digest) {
    await writeSealed(note.file, note.header, Buffer.from(digest, 'hex'));
  }
}

/** The digest that an earlier run took of what has this identity. */
export async function readNote(
  matrix: Matrix,
  cacheFolder: string | undefined,
): Promise<string | undefined> {
  const note = noteOf(matrix, cacheFolder);
  const body = note && (await readSealed(note.file, note.header, DIGEST_BYTES));
  return body && Buffer.from(body).toString('hex');
}

function noteOf(
  { identity, dtype, rows, columns }: Matrix,
  cacheFolder: string | undefined,
): { file: string; header: string } | undefined {
  if (identity === undefined || cacheFolder === undefined) return undefined;
  const key = listDigest([FORMAT, identity, dtype, String(rows), String(columns)]);
  return { file: join(cacheFolder, 'digests', key.slice(0, 2), key), header: `${FORMAT} ${key}` };
}

function otherBytes(tensor: string): AlphaLoraError {
  return new AlphaLoraError(
    'IO_FAILED',
    `${tensor}: other bytes arrived than in an earlier run, though the file has the same digest or version: ` +
      'the server or a proxy changes them; download the file (hf:// with --download, which checks the digest)',
    { details: { tensor } },
  );
}
