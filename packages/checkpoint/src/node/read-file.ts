/**
 * Files to read: regular ones, wherever links lead to them. Opening a named pipe waits for a writer
 * that may never come, and a read from it cannot be taken back, so what is found in a model's folder
 * is looked at before it is opened, and once more when it is open.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { fileError, isAbsence } from './file-error.js';

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

/** The whole content; see {@link openRegularFile}. */
export async function readRegularFile(path: string): Promise<Buffer<ArrayBuffer>> {
  const { handle } = await openRegularFile(path);
  try {
    return await handle.readFile();
  } catch (error) {
    throw fileError(error, path, 'read');
  } finally {
    await handle.close();
  }
}

/** The whole content, or undefined where there is no file; see {@link openRegularFile}. */
export async function readIfPresent(path: string): Promise<Buffer<ArrayBuffer> | undefined> {
  return readRegularFile(path).catch((error: unknown) => {
    if (isAlphaLoraError(error, 'NOT_FOUND')) return undefined;
    throw error;
  });
}

/**
 * What lies at a path, links followed.
 *
 * @returns undefined where there is nothing
 * @throws AlphaLoraError `IO_FAILED` where the operating system refuses to look
 */
export async function statIfPresent(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw fileError(error, path, 'open');
  });
}

/** What is no regular file, in words. */
export function kindOfFile(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return stats.isBlockDevice() ? 'a block device' : 'a character device';
}

/** @throws AlphaLoraError `IO_FAILED` saying what it is instead */
export function requireRegularFile(stats: Stats, path: string): void {
  if (stats.isFile()) return;
  const kind = kindOfFile(stats);
  throw new AlphaLoraError(
    'IO_FAILED',
    `${path} is not a regular file but ${kind}; give a file that is on disk`,
    { details: { file: path, kind } },
  );
}
