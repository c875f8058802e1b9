/** Opens a checkpoint on disk: one .safetensors file, or a folder as `save_pretrained` writes it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AlphaLoraError, type ByteSource } from '@alphalora/contracts';
import type { Adapter } from '../adapter/read.js';
import {
  adapterCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  readCheckpoint,
} from '../checkpoint.js';
import { invalid, unsupported } from '../errors.js';
import { readShardIndex } from '../shard-index.js';
import { fileSource, ioError } from './file-source.js';
import { isAdapterFolder, openAdapter } from './open-adapter.js';

const INDEX = 'model.safetensors.index.json';

/** Weights in other formats: pickles (which can run code when read), GGUF, Keras, Flax, ONNX. */
const otherFormat = /\.(bin|pt|pth|ckpt|pkl|gguf|ggml|h5|msgpack|onnx|npz|bin\.index\.json)$/;

const conversion =
  'save it as safetensors, e.g. in Python: model.save_pretrained(folder, safe_serialization=True)';

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
  const opened: Array<{ close?(): Promise<void> }> = [];
  const open = async (file: string): Promise<ByteSource> => {
    const source = await fileSource(file);
    opened.push(source);
    return source;
  };
  const openLora = async (folder: string): Promise<Adapter> => {
    const adapter = await openAdapter(folder, given);
    opened.push(adapter);
    return adapter;
  };
  try {
    if (await isAdapterFolder(path)) {
      if (adapterPath !== undefined) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `${path} is an adapter itself; give the model that ${adapterPath} is to be added to`,
        );
      }
      return adapterCheckpoint(await openLora(path), { splitFused });
    }
    const adapter = adapterPath === undefined ? undefined : await openLora(adapterPath);
    const located = await locate(path);
    const config = located.config === undefined ? undefined : await open(located.config);
    const index = located.index === undefined ? undefined : await open(located.index);
    const paths = index ? await shardPaths(path, index, signal) : located.files;
    const files: ByteSource[] = [];
    for (const file of paths) files.push(await open(file));
    const checkpoint = await readCheckpoint(
      { files, name: path, ...(config && { config }), ...(index && { index }) },
      { splitFused, ...given, ...(adapter && { adapter }) },
    );
    await config?.close?.();
    await index?.close?.();
    return checkpoint;
  } catch (error) {
    await Promise.all(opened.map((source) => source.close?.()));
    throw error;
  }
}

interface Located {
  config?: string;
  index?: string;
  files: string[];
}

async function locate(path: string): Promise<Located> {
  const stats = await stat(path).catch((error: unknown) => {
    throw ioError(error, path, 'open');
  });
  return stats.isDirectory() ? locateInFolder(path) : locateFile(path);
}

function locateFile(file: string): Located {
  if (otherFormat.test(file)) throw unsupported(`not a safetensors file; ${conversion}`, { file });
  if (file.endsWith('.json')) {
    throw invalid('not the weights; give the folder that it lies in', { file });
  }
  return { files: [file] };
}

async function locateInFolder(folder: string): Promise<Located> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw ioError(error, folder, 'read');
  });
  const config = names.includes('config.json') ? { config: join(folder, 'config.json') } : {};
  if (names.includes('model.safetensors')) {
    return { ...config, files: [join(folder, 'model.safetensors')] };
  }
  if (names.includes(INDEX)) return { ...config, index: join(folder, INDEX), files: [] };
  return { ...config, files: [join(folder, onlyWeights(names, folder))] };
}

/** The one .safetensors file of a folder that has neither `model.safetensors` nor an index. */
function onlyWeights(names: readonly string[], folder: string): string {
  const files = names.filter((name) => name.endsWith('.safetensors')).sort();
  if (files.length === 1) return files[0]!;
  if (files.length > 1) {
    const some = files.slice(0, 3).join(', ') + (files.length > 3 ? ', ...' : '');
    throw invalid(
      `${files.length} .safetensors files (${some}) and no ${INDEX}: download the index, or give one of the files`,
      { file: folder },
    );
  }
  const other = names.find((name) => otherFormat.test(name));
  if (other !== undefined) {
    throw unsupported(`it holds ${other} but no safetensors file; ${conversion}`, { file: folder });
  }
  throw new AlphaLoraError(
    'NOT_FOUND',
    `${folder}: no .safetensors file; give the file or folder of the model's weights`,
    { details: { file: folder } },
  );
}

async function shardPaths(
  folder: string,
  index: ByteSource,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const shards = new Set((await readShardIndex(index, signal)).values());
  return [...shards].sort().map((shard) => join(folder, shard));
}
