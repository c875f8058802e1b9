/**
 * Files to read: regular ones, wherever links lead to them. Opening a named pipe waits for a writer
 * that may never come, and a read from it cannot be taken back, so what is found in a model's folder
 * is looked at before it is opened, and once more when it is open.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileError } from './file-error.js';
import { requireRegularFile } from './file-kind.js';

/** Absent on Windows. Without effect on regular files. */
const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/**
 * @throws AlphaLoraError `NOT_FOUND` when it does not exist, `IO_FAILED` when it is not a regular file
 *   or cannot be opened
 */
export async function openRegularFile(path: string): Promise<{ handle: FileHandle; stats: Stats }> {
  let handle: FileHandle | undefined;
  try {
    // Opening alone can wake a pipe's writer, or act on a device.
    requireRegularFile(await stat(path), path);
    // Another file may have taken its place in between: never wait for it.
    handle = await open(path, O_RDONLY | O_NONBLOCK);
    const stats = await handle.stat();
    requireRegularFile(stats, path);
    return { handle, stats };
  } catch (error) {
    await handle?.close();
    throw fileError(error, path, 'open');
  }
}
