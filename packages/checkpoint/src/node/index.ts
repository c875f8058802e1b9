/** Checkpoints on disk, the hub's cache included. Needs Node; the main entry does not. */
export type { Adapter, AdapterOptions, ExpertChoice } from '../adapter/adapter.js';
export type { Checkpoint, CheckpointFile } from '../checkpoint.js';
export type { Folder } from '../sources/folder.js';
export type { Downloading } from './download.js';
export { fileError } from './file-error.js';
export { requireRegularFile, statIfPresent } from './file-kind.js';
export type { FileReference } from './file-source.js';
export { fileSource, fileSourceAgain } from './file-source.js';
export type { HubCacheOptions } from './hub-cache.js';
export {
  hubCache,
  openCachedAdapter,
  openCachedCheckpoint,
  openCachedFolder,
} from './hub-cache.js';
export { downloadModel } from './hub-model.js';
export { adviseOnHub, downloadFirst } from './hub-name.js';
export {
  type MergedFolder,
  type MergeOptions,
  mergeAdapter,
  type OpenBase,
} from './merge-adapter.js';
export type { OpenOptions } from './open.js';
export { openCheckpoint } from './open.js';
export { filesOnDisk, isAdapterFolder, openAdapter } from './open-adapter.js';
export { readIfPresent, readRegularFile, readTextIfPresent } from './read-file.js';
export { isAlive, removeAbandoned, temporaryBeside } from './temporary-file.js';
export { type FileContent, writeFileAtomic } from './write-file.js';
export { requireFreeFolder, writeFolderAtomic } from './write-folder.js';
