/**
 * Files to write. A regular file is replaced as a whole or not at all: written beside, flushed, and
 * renamed. Links are followed to the file that they name, which keeps its mode and owner. What is not
 * a regular file, such as a pipe or a device, is written to and stays what it is.
 */
import { constants, openSync, type Stats } from 'node:fs';
import {
  access,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { AlphaLoraError } from '@alphalora/contracts';
import { fileError, isAbsence } from './file-error.js';
import { kindOfFile } from './file-kind.js';
import { removeAbandoned, temporaryBeside } from './temporary-file.js';

/** A whole content, or its pieces in order. */
export type FileContent = string | Uint8Array | readonly Uint8Array[];

/** As many as Linux follows. */
const MOST_LINKS = 40;
const POLL_MS = 50;

/** Folders that this process has tidied. */
const tidied = new Set<string>();

/**
 * Writes a file, and its folders where they are missing. After a failure or an interrupt a regular file
 * is what it was before.
 *
 * @param signal ends the wait for a reader of a named pipe
 * @throws AlphaLoraError `IO_FAILED` when the operating system refuses, or the path is a folder or a
 *   socket
 */
export async function writeFileAtomic(
  path: string,
  content: FileContent,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  const pieces = piecesOf(content);
  try {
    const stats = await stat(path).catch((error: unknown) => {
      if (isAbsence(error)) return undefined;
      throw error;
    });
    if (stats && !stats.isFile()) await writeThrough(path, stats, pieces, signal);
    else await replace(stats ? await realpath(path) : await endOfLinks(path), stats, pieces);
  } catch (error) {
    signal?.throwIfAborted();
    throw fileError(error, path, 'write');
  }
}

async function replace(
  target: string,
  old: Stats | undefined,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const folder = dirname(target);
  await mkdir(folder, { recursive: true });
  if (old) await access(target, constants.W_OK);
  if (!tidied.has(folder)) await removeAbandoned(folder);
  tidied.add(folder);
  const temporary = temporaryBeside(target);
  let handle: FileHandle | undefined;
  try {
    // Nobody reads in the meantime what the old file kept from them.
    handle = await open(temporary, 'wx', old ? 0o600 : 0o666);
    if (old) await takeOver(handle, old);
    await writeFile(handle, pieces);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, target);
  } catch (error) {
    await handle?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** The owner first: a change of it takes rights away. Who may not give files away keeps them. */
async function takeOver(handle: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const own = await handle.stat();
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid).catch(() => undefined);
  if (own.mode !== mode) await handle.chmod(mode & 0o7777);
}

/** Where a path leads that has no file yet: links may point to what is still to be written. */
async function endOfLinks(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const isLink = await lstat(at).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return at;
    // A relative link starts from the folder that it really lies in.
    at = resolve(await realpath(dirname(at)), await readlink(at));
  }
  throw new AlphaLoraError(
    'IO_FAILED',
    `cannot write ${path}: its symbolic links lead in a circle`,
  );
}

async function writeThrough(
  path: string,
  stats: Stats,
  pieces: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (stats.isFIFO()) return writePipe(path, pieces, signal);
  if (stats.isDirectory() || stats.isSocket()) {
    throw new AlphaLoraError(
      'IO_FAILED',
      `cannot write ${path}: it is ${kindOfFile(stats)}; name a file`,
      { details: { file: path } },
    );
  }
  const handle = await open(path, constants.O_WRONLY);
  try {
    await writeFile(handle, pieces);
  } finally {
    await handle.close();
  }
}

/** Waits for a reader, in steps that an interrupt can end, as it can end the writing. */
async function writePipe(
  path: string,
  pieces: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let fd: number | undefined;
  while (fd === undefined) {
    try {
      fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await setTimeout(POLL_MS, undefined, signal && { signal });
    }
  }
  // The socket closes the descriptor.
  const pipe = new Socket({ fd, readable: false, writable: true });
  await pipeline(pieces, pipe, signal ? { signal } : {});
}

function piecesOf(content: FileContent): readonly Uint8Array[] {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Uint8Array ? [content] : content;
}
