/**
 * The hub's cache on disk, in the layout that Python's huggingface_hub reads and writes ("Understand
 * caching" in its documentation), so that nothing is downloaded twice by the two:
 *
 *     models--org--name/refs/main                    the commit that the revision stood for
 *     models--org--name/blobs/<digest>               contents
 *     models--org--name/snapshots/<commit>/<path>    links into the blobs
 */
import { join } from 'node:path';
import { AlphaLoraError, errorIn, isAlphaLoraError } from '@alphalora/contracts';
import { reasonOf } from '@alphalora/contracts/weights';
import type { Adapter } from '../adapter/adapter.js';
import type { Checkpoint } from '../checkpoint.js';
import type { LocalFiles } from '../hub/open.js';
import {
  formatHubReference,
  type HubReference,
  isCommit,
  parseHubReference,
} from '../hub/reference.js';
import type { HubFile, HubModel } from '../hub/repository.js';
import type { Folder } from '../sources/folder.js';
import { type Downloading, download } from './download.js';
import { statIfPresent } from './file-kind.js';
import { fileSource } from './file-source.js';
import { type OpenOptions, openCheckpoint } from './open.js';
import { filesOnDisk, openAdapter } from './open-adapter.js';
import { readTextIfPresent } from './read-file.js';
import { writeFileAtomic } from './write-file.js';

export interface HubCacheOptions {
  /** E.g. `~/.cache/huggingface/hub`. */
  folder: string;
  /** Downloads what is asked for and not there. @default false */
  download?: boolean;
  onProgress?: (progress: Downloading) => void;
}

/** Takes files of hub models from a cache on disk; for `openHubCheckpoint`. */
export function hubCache({
  folder,
  download: fetches = false,
  onProgress,
}: HubCacheOptions): LocalFiles {
  return {
    async open(model, file, remote, signal) {
      const path = snapshotFile(folder, model, file);
      const isThere = await hasSize(path, file.byteLength);
      if (!isThere && !fetches) return undefined;
      if (!isThere) {
        const blobs = join(storage(folder, model.reference), 'blobs');
        await download({ file, remote, blobs, path, signal, onProgress });
      }
      if (fetches) await remember(folder, model);
      return fileSource(path);
    },
  };
}

/**
 * Opens a model, or an adapter, that is in the cache, without any connection.
 *
 * @param reference `hf://org/name[@revision][/subfolder]`
 * @throws AlphaLoraError `NOT_FOUND` when the cache does not hold it completely, and as
 *   `openCheckpoint`
 */
export async function openCachedCheckpoint(
  reference: string,
  { folder, ...options }: OpenOptions & { folder: string },
): Promise<Checkpoint> {
  const { adapter } = options;
  try {
    const { path, source } = await cached(reference, folder);
    const checkpoint = await complete(reference, folder, () => openCheckpoint(path, options));
    return { ...checkpoint, source };
  } catch (error) {
    if (typeof adapter === 'object') await adapter.close();
    throw error;
  }
}

/** Opens an adapter that is in the cache; see {@link openCachedCheckpoint}. */
export async function openCachedAdapter(reference: string, folder: string): Promise<Adapter> {
  const { path } = await cached(reference, folder);
  return complete(reference, folder, () => openAdapter(path));
}

/** The files beside the weights of a model that is in the cache; see {@link openCachedCheckpoint}. */
export async function openCachedFolder(reference: string, folder: string): Promise<Folder> {
  const { path, source } = await cached(reference, folder);
  return { ...(await filesOnDisk(path)), name: source };
}

/** The folder or file that a reference names, and the reference with its commit. */
export async function cached(
  text: string,
  folder: string,
): Promise<{ path: string; source: string }> {
  const reference = parseHubReference(text);
  const commit = await commitOf(reference, folder);
  const path = commit && join(storage(folder, reference), 'snapshots', commit, reference.subfolder);
  if (!path || !(await statIfPresent(path))) throw notCached(text, folder);
  return { path, source: formatHubReference({ ...reference, revision: commit }) };
}

/** What is missing from a snapshot was not downloaded, rather than not there at all. */
async function complete<Opened>(
  reference: string,
  folder: string,
  open: () => Promise<Opened>,
): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!isAlphaLoraError(error, 'NOT_FOUND')) throw error;
    if (error.details['below'] === undefined) throw notCached(reference, folder, error);
    throw errorIn(
      'NOT_FOUND',
      reference,
      `in the cache ${folder}, ${reasonOf(error)}; or download it once with a connection`,
    );
  }
}

async function commitOf(reference: HubReference, folder: string): Promise<string | undefined> {
  const { revision } = reference;
  if (isCommit(revision)) return revision;
  const file = join(storage(folder, reference), 'refs', revision);
  const text = (await readTextIfPresent(file))?.trim();
  return text !== undefined && isCommit(text) ? text : undefined;
}

/** Writes down which commit the revision stood for, for the next time without a connection. */
export async function remember(folder: string, { reference, commit }: HubModel): Promise<void> {
  if (isCommit(reference.revision)) return;
  const file = join(storage(folder, reference), 'refs', reference.revision);
  await writeFileAtomic(file, commit);
}

export function snapshotFile(
  folder: string,
  { reference, commit }: HubModel,
  { path }: HubFile,
): string {
  return join(storage(folder, reference), 'snapshots', commit, path);
}

export function storage(folder: string, { repository }: HubReference): string {
  return join(folder, `models--${repository.replace('/', '--')}`);
}

export async function hasSize(path: string, size: number): Promise<boolean> {
  const stats = await statIfPresent(path);
  return stats?.isFile() === true && stats.size === size;
}

export function notCached(reference: string, folder: string, cause?: unknown): AlphaLoraError {
  return new AlphaLoraError(
    'NOT_FOUND',
    `${reference} is not, or not completely, in the cache ${folder}; download it once with a connection`,
    { details: { file: reference }, cause },
  );
}
