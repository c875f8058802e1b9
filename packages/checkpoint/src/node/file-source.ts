/** A file on disk as a {@link ByteSource}: positioned reads, so that any number may run at once. */
import { type FileHandle, open } from 'node:fs/promises';
import { AlphaLoraError, type ByteSource, isAlphaLoraError } from '@alphalora/contracts';

/** Largest single read: how long an abort may have to wait. */
const STEP = 16 << 20;

/**
 * Opens a file for reading. Its size is taken now; a file that shrinks later makes reads fail.
 *
 * @throws AlphaLoraError `NOT_FOUND` when it does not exist, `IO_FAILED` when it cannot be opened
 */
export async function fileSource(path: string): Promise<ByteSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw new AlphaLoraError('IO_FAILED', `${path} is not a regular file`, {
        details: { file: path },
      });
    }
    return sourceOf(handle, path, stats.size);
  } catch (error) {
    await handle?.close();
    throw ioError(error, path, 'open');
  }
}

function sourceOf(handle: FileHandle, path: string, byteLength: number): ByteSource {
  async function readInto(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void> {
    let filled = 0;
    while (filled < target.byteLength) {
      signal?.throwIfAborted();
      const length = Math.min(STEP, target.byteLength - filled);
      const { bytesRead } = await handle
        .read(target, filled, length, start + filled)
        .catch((error: unknown) => {
          throw ioError(error, path, 'read');
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
    async read(start, end, signal) {
      // Allocating before checking would let a wrong range claim memory.
      if (start < 0 || start > end || end > byteLength) {
        throw new AlphaLoraError(
          'IO_FAILED',
          `${path}: bytes ${start} to ${end} asked for, it has ${byteLength}`,
          { details: { file: path } },
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

/** What Node reports about a path, as a tagged error; tagged errors pass through. */
export function ioError(error: unknown, path: string, verb: 'open' | 'read'): unknown {
  if (isAlphaLoraError(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const details = { file: path };
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new AlphaLoraError('NOT_FOUND', `${path} does not exist`, { details, cause: error })
    : new AlphaLoraError('IO_FAILED', `cannot ${verb} ${path}: ${message}`, {
        details,
        cause: error,
      });
}
