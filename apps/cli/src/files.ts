/** Files that are either whole or not there. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';

/**
 * Writes beside the target, flushes, then renames: an interrupted or failed write leaves the old
 * file, or none, but never half of the new one.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    // Where the folder is no folder, there is nothing to remove either.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError(`cannot write ${path}`, path, cause);
  }
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AlphaLoraError('NOT_FOUND', `${path} does not exist`, {
        details: { file: path },
        cause,
      });
    }
    throw ioError(`cannot read ${path}`, path, cause);
  }
}

function ioError(what: string, file: string, cause: unknown): AlphaLoraError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AlphaLoraError('IO_FAILED', `${what}: ${why}`, { details: { file }, cause });
}
