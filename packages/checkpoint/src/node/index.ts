/** Checkpoints on disk. Needs Node; the main entry does not. */
export type { Adapter } from '../adapter/read.js';
export type { Checkpoint, CheckpointFile } from '../checkpoint.js';
export { fileSource } from './file-source.js';
export type { OpenOptions } from './open.js';
export { openCheckpoint } from './open.js';
export { isAdapterFolder, openAdapter } from './open-adapter.js';
