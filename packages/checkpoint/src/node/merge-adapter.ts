/** Merging an adapter into its base: a folder that transformers loads, written as a whole or not at all. */
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import type { ExpertChoice } from '../adapter/adapter.js';
import { type MergedWeight, mergedModel } from '../adapter/merged.js';
import type { AppliedAdapter } from '../adapter/weights.js';
import type { Checkpoint } from '../checkpoint.js';
import { unsupported } from '../errors.js';
import { isNameOfWeights } from '../formats/names.js';
import type { Folder } from '../sources/folder.js';
import { encodeValues, type FloatDType } from '../values/encode.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import { statIfPresent } from './file-kind.js';
import { adviseOnHub, downloadFirst } from './hub-name.js';
import { openCheckpoint } from './open.js';
import { filesOnDisk, openAdapter } from './open-adapter.js';
import { requireFreeFolder, writeFolderAtomic } from './write-folder.js';
import { type WrittenTensor, writeSafetensors } from './write-safetensors.js';

/** A base, wherever it is read from. */
export interface OpenBase {
  /** Without an adapter, fused weights not split. */
  checkpoint: Checkpoint;
  /** Its config.json, tokenizer and other files, opened when they are needed. */
  folder: Folder | (() => Promise<Folder>);
}

export interface MergeOptions {
  /** The folder of the base, with config.json and its weights; or a base that is open already, which it stays. */
  model: string | OpenBase;
  /** The folder or the file of the adapter. */
  adapter: string;
  /** The folder to write; it may not exist yet, or be empty. */
  output: string;
  /** Of an adapter with several experts for a module: which becomes part of the weights. */
  expert?: Exclude<ExpertChoice, 'each'>;
  /** @default 5e9, as transformers has had it for years */
  maxShardBytes?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface MergedFolder extends AppliedAdapter {
  /** Files with weights, and the index where there are several. */
  readonly files: readonly string[];
  /** Files of the base that were taken over. */
  readonly copied: readonly string[];
  /** Weights that differ from the base's, or are new. */
  readonly changed: number;
  readonly weights: number;
  /** Of all weights. */
  readonly bytes: number;
  readonly notes: readonly string[];
}

const CONFIG = 'config.json';

/** Of the values that are changed and encoded at a time. */
const CHUNK_ELEMENTS = 1 << 22;
const CHUNK_BYTES = 1 << 24;

/**
 * Adds the updates of an adapter to the weights of its base, and writes the model: weights in the types of
 * the base, its config.json, tokenizer and other small files. Weights without an update are copied
 * bit by bit; the others are `base + scale * B A`, summed in float64, rounded to float32 and then to their
 * type. One tensor is read at a time, and a piece of it.
 *
 * @throws AlphaLoraError as `openCheckpoint`, `openAdapter` and {@link mergedModel}; `UNSUPPORTED_CHECKPOINT`
 *   for a GGUF file as the base; `INVALID_OPTION` when
 *   the output holds files already, `NOT_FOUND` when the base has no config.json, `IO_FAILED` when the
 *   operating system refuses
 * @example
 * await mergeAdapter({ model: 'llama', adapter: 'lora', output: 'llama-merged' });
 */
export async function mergeAdapter(options: MergeOptions): Promise<MergedFolder> {
  const { model, output, expert, signal, onProgress, maxShardBytes = 5e9 } = options;
  await requireFreeFolder(output);
  refuseGguf(typeof model === 'string' ? model : model.checkpoint.source);
  const folder = await folderOf(model);
  if (!folder.names.includes(CONFIG)) throw withoutConfig(folder.name);
  const aborts = signal && { signal };
  const adapter = await openAdapter(options.adapter, {
    ...aborts,
    ...(expert !== undefined && { expert }),
  });
  try {
    const base =
      typeof model === 'string' ? await openCheckpoint(model, { ...aborts }) : model.checkpoint;
    try {
      const { weights, report, settings, notes } = mergedModel(base, adapter);
      return await writeFolderAtomic(output, async (written) => {
        const { files, total } = await writeSafetensors(
          written,
          weights.map((each) => writtenTensor(each, base.source)),
          { maxShardBytes, ...aborts, ...(onProgress && { onProgress }) },
        );
        const copied = await copyFurther(folder, written, signal);
        await writeConfig(folder, join(written, CONFIG), settings, signal);
        return {
          ...report,
          ...{ files, copied, weights: weights.length, bytes: total },
          changed: weights.filter(({ changed }) => changed).length,
          notes: [...adapter.notes, ...notes],
        };
      });
    } finally {
      if (typeof model === 'string') await base.close();
    }
  } finally {
    await adapter.close();
  }
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` */
function refuseGguf(base: string): void {
  if (!/\.gguf$/i.test(base)) return;
  throw unsupported(
    'a GGUF file cannot be merged into, as it lacks the config.json and the tokenizer of the folder that is written; give the folder of the model that it was made of, or keep the adapter apart for llama.cpp: alphalora adapter convert ... --to gguf',
    { file: base },
  );
}

async function folderOf(model: MergeOptions['model']): Promise<Folder> {
  if (typeof model !== 'string') {
    return typeof model.folder === 'function' ? model.folder() : model.folder;
  }
  const config = await statIfPresent(join(model, CONFIG));
  if (!config?.isFile()) {
    await adviseOnHub(model, downloadFirst, () => Promise.reject(withoutConfig(model)));
  }
  return filesOnDisk(model);
}

function withoutConfig(model: string): AlphaLoraError {
  return errorIn(
    'NOT_FOUND',
    model,
    'it has no config.json, which the merged model needs; give the folder of a model of transformers',
  );
}

function writtenTensor({ weight, dtype, changed }: MergedWeight, file: string): WrittenTensor {
  const { name, shape, read, readInto } = weight;
  const count = elementCount(shape);
  return {
    ...{ name, dtype, shape },
    async *bytes(signal) {
      if (!changed && readInto && dtype === weight.dtype) {
        const each = Math.max(1, Math.floor(CHUNK_BYTES / storedBytes(dtype, 1)));
        for (let start = 0; start < count; start += each) {
          const bytes = new Uint8Array(storedBytes(dtype, Math.min(each, count - start)));
          await readInto(bytes, start, signal);
          yield bytes;
        }
        return;
      }
      if (!/^(F64|F32|F16|BF16)$/.test(dtype)) {
        throw unsupported(`its type ${dtype} cannot be written; give the base as safetensors`, {
          file,
          tensor: name,
        });
      }
      for (let start = 0; start < count; start += CHUNK_ELEMENTS) {
        const values = await read(start, Math.min(count, start + CHUNK_ELEMENTS), signal);
        if (changed) requireFinite(values, name, dtype);
        yield encodeValues(
          values instanceof Float32Array ? values : Float32Array.from(values),
          dtype as FloatDType,
        );
      }
    },
  };
}

/** What rounds to infinity in F16: halfway from the largest to the next that there would be. */
const BEYOND_HALF = 65520;

/** @throws AlphaLoraError `INVALID_OPTION` for a merged value that its type cannot hold */
function requireFinite(values: Float32Array | Float64Array, name: string, dtype: string): void {
  const limit = dtype === 'F16' ? BEYOND_HALF : Number.POSITIVE_INFINITY;
  for (const value of values) {
    if (Math.abs(value) < limit) continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the merged weight ${JSON.stringify(name.slice(0, 200))} would hold ${value}, which ${dtype} does not hold as a number; ` +
        'train the adapter again, or give the base in BF16 or F32',
      { details: { tensor: name } },
    );
  }
}

/** Weights of other programs, of which the merged model has none. */
const otherWeights =
  /\.(bin|pt|pth|ckpt|h5|msgpack|onnx|onnx_data|gguf|safetensors|npz|ot|tflite|pdparams)$|\.index\.json$/;
/** An adapter beside a base would be loaded on top of the merged weights; the card is of the base. */
const leftOut = /^(\.|adapter_|README\.md$|config\.json$|training_args)/;

/** config.json comes last, so that nothing half-written looks like a model. */
async function copyFurther(
  from: Folder,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const names = from.names
    .filter((name) => !(isNameOfWeights(name) || otherWeights.test(name) || leftOut.test(name)))
    .toSorted();
  for (const name of names) await copyContent(from, name, join(folder, name), signal);
  return names;
}

/** Without the rights of the file, which may be read-only. */
async function copyContent(
  from: Folder,
  name: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = await from.open(name);
  try {
    const file = await open(to, 'wx');
    try {
      for (let start = 0; start < source.byteLength; start += CHUNK_BYTES) {
        const end = Math.min(source.byteLength, start + CHUNK_BYTES);
        await file.writeFile(await source.read(start, end, signal));
      }
    } finally {
      await file.close();
    }
  } finally {
    await source.close?.();
  }
}

async function writeConfig(
  from: Folder,
  to: string,
  settings: Readonly<Record<string, unknown>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await copyContent(from, CONFIG, to, signal);
  if (Object.keys(settings).length === 0) return;
  let config: object;
  try {
    config = JSON.parse(await readFile(to, 'utf8'));
  } catch (cause) {
    throw errorIn(
      'INVALID_CHECKPOINT',
      `${from.name}/${CONFIG}`,
      'it is no plain JSON, and has to be changed; save it again',
      { cause },
    );
  }
  await writeFile(to, `${JSON.stringify({ ...config, ...settings }, null, 2)}\n`);
}
