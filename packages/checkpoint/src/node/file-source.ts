/** A file on disk as a {@link ByteSource}: positioned reads, so that any number may run at once. */
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import type { ByteSource, SourceReference } from '@alphalora/contracts/weights';
import { changedMeanwhile } from '../errors.js';
import { fileError } from './file-error.js';
import { openRegularFile } from './open-file.js';

/** Largest single read: how long an abort may have to wait. */
const STEP = 16 << 20;

/**
 * Opens a file for reading. Its size is taken now; a file that shrinks later makes reads fail.
 *
 * @throws AlphaLoraError `NOT_FOUND` when it does not exist, `IO_FAILED` when it is not a regular file
 *   or cannot be opened
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const { handle, stats } = await openRegularFile(path);
  return sourceOf(handle, referenceOf(path, stats));
}

/** A file on disk as it was when it was opened. */
export interface FileReference extends SourceReference {
  readonly kind: 'path';
  /** Milliseconds since 1970 of its last change. */
  readonly modified: number;
}

/**
 * Opens a file again, by the reference of its source.
 *
 * @throws AlphaLoraError as {@link fileSource}, and `IO_FAILED` when it has been written to since
 */
export async function fileSourceAgain(reference: FileReference): Promise<ByteSource> {
  const { name } = reference;
  const { handle, stats } = await openRegularFile(name);
  const { byteLength, modified } = referenceOf(name, stats);
  if (byteLength === reference.byteLength && modified === reference.modified) {
    return sourceOf(handle, reference);
  }
  await handle.close();
  throw changedMeanwhile(name, { file: name });
}

function referenceOf(path: string, { size, mtimeMs }: Stats): FileReference {
  return { kind: 'path', name: path, byteLength: size, modified: mtimeMs };
}

function sourceOf(handle: FileHandle, reference: FileReference): ByteSource {
  const { name: path, byteLength } = reference;
  async function readInto(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void> {
    let filled = 0;
    while (filled < target.byteLength) {
      signal?.throwIfAborted();
      const length = Math.min(STEP, target.byteLength - filled);
      const { bytesRead } = await handle
        .read(target, filled, length, start + filled)
        .catch((error: unknown) => {
          throw fileError(error, path, 'read');
        });
      if (bytesRead === 0) {
        throw new AlphaLoraError(
          'IO_FAILED',
          `${path} ends at byte ${start + filled}, before ${start + target.byteLength}: it was shortened while it was read; start again when nothing writes to it`,
          { details: { file: path } },
        );
      }
      filled += bytesRead;
    }
    signal?.throwIfAborted();
  }
  return {
    name: path,
    byteLength,
    reference,
    async read(start, end, signal) {
      // Allocating before checking would let a wrong range claim memory.
      if (start < 0 || start > end || end > byteLength) {
        throw errorIn(
          'IO_FAILED',
          path,
          `bytes ${start} to ${end} asked for, it has ${byteLength}`,
        );
      }
      const bytes = new Uint8Array(end - start);
      await readInto(bytes, start, signal);
      return bytes;
    },
    readInto,
    close: () => handle.close(),
  };
}
