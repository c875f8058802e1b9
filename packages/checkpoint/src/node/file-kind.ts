/** What lies at a path: a regular file, or something that is not to be read like one. */
import { stat } from 'node:fs/promises';
import { AlphaLoraError } from '@alphalora/contracts';
import { fileError, isAbsence } from './file-error.js';

/**
 * What is asked of a file's `Stats`. Spelled out, so that the published types stand without those of
 * Node.
 */
export interface FileStats {
  readonly size: number;
  readonly mtimeMs: number;
  readonly dev: number;
  readonly ino: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isBlockDevice(): boolean;
}

/**
 * What lies at a path, links followed.
 *
 * @returns undefined where there is nothing
 * @throws AlphaLoraError `IO_FAILED` where the operating system refuses to look
 */
export async function statIfPresent(path: string): Promise<FileStats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    throw fileError(error, path, 'open');
  });
}

/** What lies at a path, in words. */
export function kindOfFile(stats: FileStats): string {
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return stats.isBlockDevice() ? 'a block device' : 'a character device';
}

/** @throws AlphaLoraError `IO_FAILED` saying what it is instead */
export function requireRegularFile(stats: FileStats, path: string): void {
  if (stats.isFile()) return;
  const kind = kindOfFile(stats);
  throw new AlphaLoraError(
    'IO_FAILED',
    `${path} is not a regular file but ${kind}; give a file that is on disk`,
    { details: { file: path, kind } },
  );
}
