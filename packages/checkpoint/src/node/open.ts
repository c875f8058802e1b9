/** Opens a checkpoint on disk: one .safetensors file, or a folder as `save_pretrained` writes it. */
import { stat } from 'node:fs/promises';
import { type Checkpoint, type CheckpointOptions, readCheckpoint } from '../checkpoint.js';
import { invalid, unsupported } from '../errors.js';
import { conversion, openFolder, otherFormat } from '../folder.js';
import { fileSource, ioError } from './file-source.js';
import { folderOnDisk, openAdapter } from './open-adapter.js';

export interface OpenOptions extends Omit<CheckpointOptions, 'adapter'> {
  /** Folder of a LoRA adapter, whose updates are added to the weights; see `CheckpointOptions`. */
  adapter?: string;
}

/**
 * Opens a checkpoint and reads its headers; the values of the weights are read when they are asked
 * for, until `close()`.
 *
 * @param path a .safetensors file; or a folder with `model.safetensors`, with
 *   `model.safetensors.index.json` and its shards, or with exactly one other .safetensors file, and
 *   with `config.json` if there is one; or the folder of a LoRA adapter, see `adapterCheckpoint`
 * @throws AlphaLoraError `NOT_FOUND` when a path, its weights or a shard do not exist,
 *   `UNSUPPORTED_CHECKPOINT` when the weights are in another format or of a type we cannot read,
 *   `INVALID_CHECKPOINT` when a file breaks its format or files contradict one another,
 *   `INVALID_OPTION` when an adapter is to be added to an adapter,
 *   `IO_FAILED` when the operating system refuses to read
 */
export async function openCheckpoint(
  path: string,
  { adapter: adapterPath, splitFused = false, signal }: OpenOptions = {},
): Promise<Checkpoint> {
  const given = signal && { signal };
  const stats = await stat(path).catch((error: unknown) => {
    throw ioError(error, path, 'open');
  });
  const adapter = adapterPath === undefined ? undefined : await openAdapter(adapterPath, given);
  const options = { splitFused, ...given, ...(adapter && { adapter }) };
  if (!stats.isDirectory()) return openFile(path, options);
  return openFolder(await folderOnDisk(path), options);
}

async function openFile(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const opened: Array<{ close?(): Promise<void> }> = options.adapter ? [options.adapter] : [];
  try {
    if (otherFormat.test(path)) {
      throw unsupported(`not a safetensors file; ${conversion}`, { file: path });
    }
    if (path.endsWith('.json')) {
      throw invalid('not the weights; give the folder that it lies in', { file: path });
    }
    const source = await fileSource(path);
    opened.push(source);
    return await readCheckpoint({ files: [source], name: path }, options);
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}
