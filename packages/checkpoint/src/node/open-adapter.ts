/** Opens a LoRA adapter on disk: a folder as PEFT's `save_pretrained` writes it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Adapter } from '../adapter/read.js';
import { type Folder, holdsAdapter, openAdapterFolder } from '../sources/folder.js';
import { fileError, isAbsence } from './file-error.js';
import { kindOfFile, statIfPresent } from './file-kind.js';
import { fileSource } from './file-source.js';

/**
 * Whether `openCheckpoint` takes the folder for an adapter: it has an adapter's two files, and no
 * model beside them. False for what is no folder.
 *
 * @throws AlphaLoraError `IO_FAILED` when the operating system refuses to look
 */
export async function isAdapterFolder(path: string): Promise<boolean> {
  const names = await readdir(path).catch((error: unknown): string[] => {
    if (isAbsence(error)) return [];
    throw fileError(error, path, 'read');
  });
  return holdsAdapter(names);
}

/**
 * Opens an adapter and reads its header and configuration; its factors are read when they are asked
 * for, until `close()`.
 *
 * @param path a folder with `adapter_config.json` and `adapter_model.safetensors`
 * @throws AlphaLoraError as `readAdapter`; `NOT_FOUND` when the folder or a file of it does not
 *   exist, `IO_FAILED` when the operating system refuses to read
 */
export async function openAdapter(
  path: string,
  options: { signal?: AbortSignal } = {},
): Promise<Adapter> {
  return openAdapterFolder(await folderOnDisk(path), options);
}

/** @throws AlphaLoraError `NOT_FOUND`; or `IO_FAILED`, also saying what lies there instead of a folder */
export async function folderOnDisk(path: string): Promise<Folder> {
  const names = await readdir(path).catch(async (error: unknown) => {
    // The system's code for this is also that of a path which leads through a file.
    const stats = await statIfPresent(path);
    if (!stats || stats.isDirectory()) throw fileError(error, path, 'read');
    const kind = kindOfFile(stats);
    throw new AlphaLoraError('IO_FAILED', `${path} is not a folder but ${kind}; name a folder`, {
      details: { file: path, kind },
    });
  });
  return {
    name: path,
    names,
    open: (name) => fileSource(join(path, name)),
    below: () => pathsBelow(path),
  };
}

/** How deep models lie in what is given for one, such as `hub/models--org--name/snapshots/<commit>/unet`. */
const DEEPEST = 4;
/** Folders that are looked into: what is given may be the root of a disk. */
const MOST_FOLDERS = 1000;

/** The files in the folders of a folder, with slashes; what cannot be read is passed over. */
async function pathsBelow(root: string): Promise<string[]> {
  const files: string[] = [];
  let folders = [''];
  for (let depth = 0; depth <= DEEPEST; depth++) {
    const next: string[] = [];
    for (const folder of folders.slice(0, MOST_FOLDERS)) {
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) next.push(path);
        else files.push(path);
      }
    }
    folders = next;
  }
  return files;
}
