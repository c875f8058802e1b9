/**
 * Downloads a file of a hub model into the cache: resumed where an earlier attempt ended, checked
 * against the digest that the hub lists, and linked into its snapshot when it is whole.
 *
 * An unfinished file belongs to one process at a time, which has renamed it to a name of its own; it
 * gives it back when it fails. One that a killed process left is taken over when it has not grown for
 * a while.
 */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { AlphaLoraError, errorIn, isAlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { HubFile } from '../hub/repository.js';
import { fileError } from './file-error.js';
import { statIfPresent } from './file-kind.js';
import { removeAbandoned, temporaryBeside } from './temporary-file.js';

/** How far a download is. */
export interface Downloading {
  /** Name of the file. */
  file: string;
  /** Bytes. */
  done: number;
  total: number;
}

interface Task {
  file: HubFile;
  remote: ByteSource;
  /** Folder of the contents. */
  blobs: string;
  /** Where the snapshot has the file. */
  path: string;
  signal: AbortSignal | undefined;
  onProgress: ((progress: Downloading) => void) | undefined;
}

/** Bytes that are held in memory at a time. */
const WINDOW = 32 << 20;
/** Milliseconds without growth after which an unfinished file counts as abandoned. */
const ABANDONED = 300_000;

/** @throws AlphaLoraError `IO_FAILED` when the disk or the connection fails, or the digest differs */
export async function download(task: Task): Promise<void> {
  const { file, blobs, path } = task;
  const blob = join(blobs, file.sha256 ?? file.oid);
  try {
    await mkdir(blobs, { recursive: true });
    await mkdir(dirname(path), { recursive: true });
    const stats = await statIfPresent(blob);
    const isThere = stats?.isFile() && stats.size === file.byteLength;
    if (!isThere) await fetchBlob(task, blob);
    await link(blob, path);
  } catch (error) {
    task.signal?.throwIfAborted();
    if (isAlphaLoraError(error)) throw error;
    const { message, details } = fileError(error, blob, 'write');
    throw new AlphaLoraError('IO_FAILED', `cannot download ${task.remote.name}: ${message}`, {
      details: { ...details, file: task.remote.name },
      cause: error,
    });
  }
}

async function fetchBlob(task: Task, blob: string): Promise<void> {
  const own = `${blob}.alphalora-${randomBytes(4).toString('hex')}.incomplete`;
  await adopt(blob, own);
  const handle = await open(own, 'a+');
  let isWhole = false;
  try {
    isWhole = await fill(handle, task);
  } finally {
    await handle.close();
    // What has arrived is kept for the next attempt.
    if (!isWhole) await rename(own, `${blob}.alphalora.incomplete`);
  }
  await rename(own, blob);
}

/** Takes over what an earlier attempt left, if anything. */
async function adopt(blob: string, own: string): Promise<void> {
  const folder = dirname(blob);
  const prefix = blob.slice(folder.length + 1);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${prefix}.alphalora`) || !name.endsWith('.incomplete')) continue;
    const path = join(folder, name);
    const isFree = name === `${prefix}.alphalora.incomplete`;
    const stats = await statIfPresent(path);
    // A named pipe, say, is none of ours.
    if (!stats?.isFile()) continue;
    if (!isFree && Date.now() - stats.mtimeMs < ABANDONED) continue;
    // Of several processes, one succeeds.
    const isOurs = await rename(path, own).then(
      () => true,
      () => false,
    );
    if (isOurs) return;
  }
}

/** Appends what is missing. @returns true; it throws when the content is not what the hub lists */
async function fill(handle: FileHandle, task: Task): Promise<boolean> {
  const { file, remote, signal, onProgress } = task;
  const { byteLength: total } = file;
  const hash = contentHash(file);
  const buffer = new Uint8Array(Math.min(WINDOW, total));
  let { size: done } = await handle.stat();
  if (done > total) {
    await handle.truncate(0);
    done = 0;
  }
  await hashPart(handle, done, hash, buffer);
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  while (done < total) {
    onProgress?.({ file: name, done, total });
    const window = buffer.subarray(0, Math.min(buffer.byteLength, total - done));
    await remote.readInto!(window, done, signal);
    hash.update(window);
    await handle.writeFile(window);
    done += window.byteLength;
  }
  onProgress?.({ file: name, done, total });
  if (hash.digest('hex') !== (file.sha256 ?? file.oid)) {
    await handle.truncate(0);
    throw errorIn(
      'IO_FAILED',
      remote.name,
      'what arrived does not have the digest that the hub lists; it was damaged on its way: try again',
    );
  }
  await handle.sync();
  return true;
}

/** SHA-256 of large files; others are Git objects, with a header before the content. */
function contentHash({ sha256, byteLength }: HubFile): Hash {
  return sha256 === undefined
    ? createHash('sha1').update(`blob ${byteLength}\0`)
    : createHash('sha256');
}

async function hashPart(
  handle: FileHandle,
  length: number,
  hash: Hash,
  buffer: Uint8Array,
): Promise<void> {
  for (let position = 0; position < length; ) {
    const wanted = Math.min(buffer.byteLength, length - position);
    const { bytesRead } = await handle.read(buffer, 0, wanted, position);
    if (bytesRead === 0) throw new Error('the unfinished file was shortened by another program');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

/**
 * Links are relative, so that the cache can be moved. The new one takes the place of an old one at
 * once: another process may be about to open it.
 */
async function link(blob: string, path: string): Promise<void> {
  await removeAbandoned(dirname(path));
  const own = temporaryBeside(path);
  try {
    await symlink(relative(dirname(path), blob), own);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Windows lets only some users make links; there Python too puts the content in their place.
    if (code !== 'EPERM' && code !== 'ENOSYS') throw error;
    await rename(blob, path);
    return;
  }
  await rename(own, path);
}
