/**
 * A checkpoint from its byte sources: headers are read and checked, weights are described, and
 * nothing else is read until a weight is asked for its values. Runs in Node and the browser.
 */
import { AlphaLoraError, type ByteSource, type WeightTensor } from '@alphalora/contracts';
import { invalid } from './errors.js';
import { readJsonObject } from './json.js';
import { architectureOf } from './naming/architecture.js';
import { readHeader } from './safetensors/header.js';
import { checkAgainstIndex, plainName, readShardIndex } from './shard-index.js';
import { type PlacedTensor, weightsOf } from './tensors/weights.js';
import { requireLittleEndian } from './values/decode.js';

export interface Checkpoint {
  /** What was opened, for messages and documents. */
  readonly source: string;
  /** Class of the model: as config.json says, or guessed from the names when there is none. */
  readonly architecture?: string;
  /** config.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** One more than the highest block number of any weight. */
  readonly blocks: number;
  /** `__metadata__` of the files; of equal keys, the first file's. */
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the files and of the bytes in each. */
  readonly tensors: readonly WeightTensor[];
  readonly files: readonly CheckpointFile[];
  /** Closes the files; weights cannot be read any more. */
  close(): Promise<void>;
}

export interface CheckpointFile {
  /** File name without its folder. */
  readonly name: string;
  readonly byteLength: number;
  readonly source: ByteSource;
}

export interface CheckpointOptions {
  /**
   * Delivers fused projections as their parts: `<name>[q]`, `[k]`, `[v]`, `[gate]`, `[up]`, each
   * with the shape of the part. @default false
   */
  splitFused?: boolean;
  signal?: AbortSignal;
}

export interface CheckpointSources {
  /** The .safetensors files. */
  files: readonly ByteSource[];
  /** config.json */
  config?: ByteSource;
  /** model.safetensors.index.json; the names of `files` end in the file names that it uses. */
  index?: ByteSource;
  /** @default the name of the first file */
  name?: string;
}

/** Larger ones list the words of a vocabulary several times over. */
const MAX_CONFIG_BYTES = 16_000_000;

/**
 * Reads the headers of a checkpoint.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when a file breaks its format or files contradict one
 *   another, `UNSUPPORTED_CHECKPOINT` when an element type or fused layout cannot be read, or
 *   on a big-endian machine, `NOT_FOUND` when a shard is missing, `INVALID_OPTION` when no file is given
 */
export async function readCheckpoint(
  { files, config: configSource, index: indexSource, name }: CheckpointSources,
  { splitFused = false, signal }: CheckpointOptions = {},
): Promise<Checkpoint> {
  if (files.length === 0) throw new AlphaLoraError('INVALID_OPTION', 'no file to read from');
  requireLittleEndian();
  const config =
    configSource && (await readJsonObject(configSource, MAX_CONFIG_BYTES, signal, 'python'));
  const tensors: PlacedTensor[] = [];
  const metadata = new Map<string, string>();
  for (const source of files) {
    const header = await readHeader(source, signal);
    for (const tensor of header.tensors) tensors.push({ ...tensor, source });
    for (const [key, value] of Object.entries(header.metadata))
      if (!metadata.has(key)) metadata.set(key, value);
  }
  if (indexSource) {
    const index = await readShardIndex(indexSource, signal);
    checkAgainstIndex(tensors, files, index, indexSource.name);
  }
  const names = checkUnique(tensors);

  const options = { config, splitFused, has: (tensor: string) => names.has(tensor) };
  const weights = tensors.flatMap((tensor) => weightsOf(tensor, options));
  const architecture = architectureOf([...names.keys()], config);
  return {
    source: name ?? files[0]!.name,
    ...(architecture !== undefined && { architecture }),
    ...(config && { config }),
    blocks: weights.reduce((most, { block = -1 }) => Math.max(most, block + 1), 0),
    metadata: Object.fromEntries(metadata),
    tensors: weights,
    files: files.map((source) => {
      return { name: plainName(source.name), byteLength: source.byteLength, source };
    }),
    async close() {
      await Promise.all(files.map((source) => source.close?.()));
    },
  };
}

/** @returns the file of each tensor, by name */
function checkUnique(tensors: readonly PlacedTensor[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { name, source } of tensors) {
    const other = files.get(name);
    if (other !== undefined) {
      throw invalid(`${other} holds a tensor of the same name; open one of the files`, {
        file: source.name,
        tensor: name,
      });
    }
    files.set(name, source.name);
  }
  return files;
}
