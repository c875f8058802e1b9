/** A folder of files that appears as a whole or not at all: filled under another name, then renamed. */
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import { fileError } from './file-error.js';
import { statIfPresent } from './file-kind.js';
import { removeAbandoned, temporaryBeside } from './temporary-file.js';

/** @throws AlphaLoraError `INVALID_OPTION` when the path is taken, but for an empty folder */
export async function requireFreeFolder(path: string): Promise<void> {
  const stats = await statIfPresent(path);
  if (!stats) return;
  if (stats.isDirectory() && (await readdir(path)).length === 0) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${path} exists already; name a folder that does not exist, or an empty one`,
    { details: { file: path } },
  );
}

/**
 * After a failure or an interrupt there is no folder, or the empty one that was there.
 *
 * @param fill writes the files into the folder that it is given
 * @throws AlphaLoraError `INVALID_OPTION` when the path is taken, `IO_FAILED` when the operating system
 *   refuses; and what `fill` throws
 */
export async function writeFolderAtomic<Result>(
  path: string,
  fill: (folder: string) => Promise<Result>,
): Promise<Result> {
  await requireFreeFolder(path);
  const target = resolve(path);
  const parent = dirname(target);
  const temporary = temporaryBeside(target);
  let filled = false;
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    await mkdir(temporary);
    const result = await fill(temporary);
    filled = true;
    // Of an empty folder that was there.
    await rmdir(target).catch(() => undefined);
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    const isOwn = filled || (error as NodeJS.ErrnoException).syscall !== undefined;
    throw isOwn ? fileError(error, path, 'write') : error;
  }
}
