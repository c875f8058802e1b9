/** Opens a checkpoint on disk: one file of weights, or a folder as `save_pretrained` writes it. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { defined } from '@alphalora/contracts';
import type { Adapter } from '../adapter/adapter.js';
import { type Checkpoint, type CheckpointOptions, readCheckpoint } from '../checkpoint.js';
import { numberedFiles } from '../formats/names.js';
import { openFolder, openInFolder } from '../sources/folder.js';
import { isPiece } from '../sources/pieces.js';
import { fileError } from './file-error.js';
import { fileSource } from './file-source.js';
import { folderOnDisk, openAdapter, withAdapterConfig } from './open-adapter.js';

export interface OpenOptions extends Omit<CheckpointOptions, 'adapter'> {
  /** A LoRA adapter, or its folder or file, whose updates are added to the weights; see `CheckpointOptions`. */
  adapter?: string | Adapter;
}

/**
 * Opens a checkpoint and reads its headers; the values of the weights are read when they are asked
 * for, until `close()`.
 *
 * @param path a file of weights, or one of several that are numbered `-00001-of-00003.gguf`, or of
 *   the pieces `consolidated.00.pth`, or the index of several, such as `model.safetensors.index.json`,
 *   whatever it is called; or a folder with `model.safetensors`, with an index and its shards, or with exactly one other .safetensors file, and with `config.json` if there is
 *   one, or the same in another of the `formats`; or the folder or the file of a LoRA adapter, see
 *   `adapterCheckpoint`
 * @throws AlphaLoraError `NOT_FOUND` when a path, its weights or a shard do not exist,
 *   `UNSUPPORTED_CHECKPOINT` when the weights are in another format or of a type we cannot read,
 *   `INVALID_CHECKPOINT` when a file breaks its format or files contradict one another,
 *   `INVALID_OPTION` when an adapter is to be added to an adapter,
 *   `IO_FAILED` when the operating system refuses to read
 */
export async function openCheckpoint(
  path: string,
  { adapter: given, splitFused = false, cast, signal }: OpenOptions = {},
): Promise<Checkpoint> {
  const aborts = signal && { signal };
  const adapter = typeof given === 'string' ? await openAdapter(given, aborts) : given;
  const options = { splitFused, ...aborts, ...defined({ adapter, cast }) };
  try {
    const stats = await stat(path).catch((error: unknown) => {
      throw fileError(error, path, 'open');
    });
    if (!stats.isDirectory()) return await openFile(path, options);
    return await openFolder(await folderOnDisk(path), options);
  } catch (error) {
    await adapter?.close?.();
    throw error;
  }
}

async function openFile(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const file = basename(path);
  if (file.endsWith('.json') || numberedFiles(file) || isPiece(file)) {
    return openInFolder(await folderOnDisk(dirname(path)), file, { ...options, name: path });
  }
  const source = await fileSource(path);
  try {
    return await withAdapterConfig(path, (beside) => {
      const adapterConfig = beside && { adapterConfig: beside };
      return readCheckpoint({ files: [source], name: path, ...adapterConfig }, options);
    });
  } catch (error) {
    await source.close?.();
    throw error;
  }
}
