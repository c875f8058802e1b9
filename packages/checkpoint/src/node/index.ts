/** Checkpoints on disk. Needs Node; the main entry does not. */
export type { Checkpoint, CheckpointFile, CheckpointOptions } from '../checkpoint.js';
export { fileSource } from './file-source.js';
export { openCheckpoint } from './open.js';
