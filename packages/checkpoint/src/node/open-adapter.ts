/** Opens a LoRA adapter on disk: its file, or its folder. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { Adapter, AdapterOptions } from '../adapter/adapter.js';
import { readAdapter } from '../adapter/read.js';
import { invalid } from '../errors.js';
import { ADAPTER_CONFIG, holdsAdapter } from '../sources/adapter-files.js';
import { type Folder, openAdapterFolder } from '../sources/folder.js';
import { fileError, isAbsence } from './file-error.js';
import { kindOfFile, statIfPresent } from './file-kind.js';
import { fileSource } from './file-source.js';

/**
 * Whether `openCheckpoint` takes the folder for an adapter by the names of its files, with no model beside
 * them. False for what is no folder.
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
 * @param path the file of its weights; or a folder with that of PEFT, mlx-lm (each with
 *   `adapter_config.json`) or diffusers, or with exactly one file of weights
 * @throws AlphaLoraError as `readAdapter`; `NOT_FOUND` when a file or the folder does not
 *   exist, `IO_FAILED` when the operating system refuses to read
 */
export async function openAdapter(path: string, options: AdapterOptions = {}): Promise<Adapter> {
  const stats = await statIfPresent(path);
  if (!stats?.isFile()) return openAdapterFolder(await folderOnDisk(path), options);
  requireWeights(path);
  const weights = await fileSource(path);
  try {
    return await withAdapterConfig(path, (config) =>
      readAdapter({ weights, name: path, ...(config && { config }) }, options),
    );
  } catch (error) {
    await weights.close?.();
    throw error;
  }
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT` for a configuration or an index */
function requireWeights(path: string): void {
  if (!path.endsWith('.json')) return;
  throw invalid('not the weights; give the folder that it lies in', { file: path });
}

/** Reads a file with the configuration of an adapter, if there is one beside it. */
export async function withAdapterConfig<Read>(
  path: string,
  read: (config: ByteSource | undefined) => Promise<Read>,
): Promise<Read> {
  const beside = join(dirname(path), ADAPTER_CONFIG);
  const config = (await statIfPresent(beside)) ? await fileSource(beside) : undefined;
  try {
    return await read(config);
  } finally {
    await config?.close?.();
  }
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

/** The folder without the folders in it; links count as what they lead to, as those of the hub's cache. */
export async function filesOnDisk(path: string): Promise<Folder> {
  const folder = await folderOnDisk(path);
  const names: string[] = [];
  for (const name of folder.names) {
    if ((await statIfPresent(join(path, name)))?.isFile()) names.push(name);
  }
  return { ...folder, names };
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
