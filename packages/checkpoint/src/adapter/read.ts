/**
 * LoRA adapters (Hu et al., arXiv 2106.09685) as PEFT saves them: `adapter_model.safetensors` with
 * the factors A [rank, inputs] and B [outputs, rank] of each adapted module, whose weight they
 * change by scale * B A, and `adapter_config.json` with what the scale follows from.
 *
 * Every tensor of the file is accounted for: as a factor, as a weight that the adapter holds whole
 * (trained biases, `modules_to_save`), or by an error.
 */
import { type AlphaLoraError, defined } from '@alphalora/contracts';
import {
  type ByteSource,
  elementTypes,
  type StoredTensor,
  type WeightTensor,
} from '@alphalora/contracts/weights';
import { invalid, quoted, unsupported } from '../errors.js';
import { readFormat } from '../formats/read.js';
import { readJsonObject } from '../json.js';
import { stacksOf } from '../naming/stacks.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import { type PlainUpdate, storedRecipeOf } from '../tensors/recipe.js';
import { weightsOf } from '../tensors/weights.js';
import { requireLittleEndian } from '../values/decode.js';
import { type LoraSettings, loraSettings } from './config.js';

/** The change of one module's weight: `scale` * B A. */
export interface LoraUpdate {
  /** Without PEFT's `base_model.model.`, e.g. `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly rank: number;
  /** alpha / rank, or alpha / sqrt(rank) of rank-stabilised LoRA. */
  readonly scale: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Whether the base stores the weight as `[inputs, outputs]`: Conv1D, embeddings. */
  readonly inputFirst?: boolean;
  /** Whether the module is an embedding. */
  readonly embedding?: boolean;
  /** A, [rank, inputs], row-major. */
  readA(signal?: AbortSignal): Promise<Float32Array | Float64Array>;
  /** B, [outputs, rank], row-major. */
  readB(signal?: AbortSignal): Promise<Float32Array | Float64Array>;
}

export interface Adapter {
  /** What was opened, for messages and documents. */
  readonly source: string;
  /** adapter_config.json */
  readonly config: Readonly<Record<string, unknown>>;
  /** The model that it was trained on (`base_model_name_or_path`). */
  readonly base?: string;
  /** In the order of the file. */
  readonly updates: readonly LoraUpdate[];
  /** Weights that the file holds whole: trained biases, heads, embeddings. */
  readonly saved: readonly WeightTensor[];
  /** `__metadata__` of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What people should know of how the files were read, a sentence each. */
  readonly notes: readonly string[];
  readonly weights: ByteSource;
  /** Closes the file; factors cannot be read any more. */
  close(): Promise<void>;
}

export interface AdapterSources {
  /** adapter_model.safetensors */
  weights: ByteSource;
  /** adapter_config.json */
  config: ByteSource;
  /** @default the name of `weights` */
  name?: string;
}

/** A rank and a scale for every module of a large mixture of experts. */
const MAX_CONFIG_BYTES = 16_000_000;

/**
 * Reads the header and the configuration of an adapter.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when a file breaks its format, a factor is missing or
 *   shapes, ranks and configuration contradict one another; `UNSUPPORTED_CHECKPOINT` when the
 *   adapter is not plain LoRA: another `peft_type`, DoRA, experts, several adapters in one file
 */
export async function readAdapter(
  { weights, config: configSource, name }: AdapterSources,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Adapter> {
  requireLittleEndian();
  const notes: string[] = [];
  const config = await readJsonObject(configSource, MAX_CONFIG_BYTES, {
    signal,
    dialect: 'python',
    onNote: (note) => notes.push(note),
  });
  const settings = loraSettings(config, configSource.name);
  const content = await readFormat(weights, signal);
  notes.push(...(content.notes ?? []));
  const { pairs, others } = pairsOf(
    content.tensors.map((tensor) => ({ ...tensor, file: weights.name })),
    weights.name,
  );
  const updates = pairs.map((pair) => updateOf(pair, settings));
  return {
    source: name ?? weights.name,
    config,
    ...defined({ base: settings.base }),
    updates,
    saved: savedWeights(others, updates),
    metadata: content.metadata,
    notes,
    weights,
    async close() {
      await weights.close?.();
    },
  };
}

interface Pair {
  module: string;
  embedding: boolean;
  a: FileTensor;
  b: FileTensor;
}

const WRAPPER = 'base_model.model.';

/** The factors by module, and the tensors that are none. */
function pairsOf(
  tensors: readonly FileTensor[],
  file: string,
): { pairs: Pair[]; others: FileTensor[] } {
  const halves = new Map<string, Partial<Pair> & { module: string }>();
  const others = new Map<string, FileTensor>();
  const adapters = new Set<string>();
  const twice = (tensor: string): AlphaLoraError =>
    invalid('it is there twice, under another name; save the adapter again', { file, tensor });
  for (const tensor of tensors) {
    const name = tensor.name.startsWith(WRAPPER) ? tensor.name.slice(WRAPPER.length) : tensor.name;
    const key = factorKey(name, { file, tensor: tensor.name });
    if (!key) {
      if (others.has(name)) throw twice(tensor.name);
      others.set(name, { ...tensor, name });
      continue;
    }
    adapters.add(key.adapter);
    if (adapters.size > 1) throw several(adapters, file);
    const half = halves.get(key.module) ?? { module: key.module, embedding: key.embedding };
    if (half[key.factor] || half.embedding !== key.embedding) throw twice(tensor.name);
    halves.set(key.module, { ...half, [key.factor]: tensor });
  }
  const pairs = [...halves.values()].map(({ module, embedding = false, a, b }) => {
    if (a && b) return { module, embedding, a, b };
    const tensor = (a ?? b)!.name;
    throw invalid(`the factor ${a ? 'B' : 'A'} that belongs to it is missing; save it again`, {
      file,
      tensor,
    });
  });
  if (pairs.length === 0) {
    throw invalid('it has no LoRA factors (lora_A, lora_B); give the folder of a LoRA adapter', {
      file,
    });
  }
  return { pairs, others: [...others.values()] };
}

function several(adapters: ReadonlySet<string>, file: string): AlphaLoraError {
  const names = [...adapters].map((adapter) =>
    adapter === '' ? 'one without name' : quoted(adapter),
  );
  return unsupported(
    `it holds several adapters (${names.join(', ')}); save each in a file of its own`,
    { file },
  );
}

interface FactorKey {
  module: string;
  factor: 'a' | 'b';
  embedding: boolean;
  /** Empty when the name does not give one. */
  adapter: string;
}

/**
 * `<module>.lora_A.weight`, `<module>.lora_A.<adapter>.weight`, `<module>.lora_embedding_A`, ...;
 * undefined for what is no factor.
 */
function factorKey(name: string, place: { file: string; tensor: string }): FactorKey | undefined {
  const parts = name.split('.');
  const at = parts.findLastIndex((part) => part.startsWith('lora_'));
  if (at < 0) return undefined;
  const [, embedding, letter] = /^lora_(embedding_)?([AB])$/.exec(parts[at]!) ?? [];
  if (letter === undefined) {
    throw unsupported(
      parts[at] === 'lora_magnitude_vector'
        ? 'a magnitude vector of DoRA, without which the factors do not tell the change; merge the adapter with PEFT (merge_and_unload) first'
        : /^lora_[AB]_\d+$/.test(parts[at]!)
          ? 'a factor of one of several experts, which are no change of one weight; open adapters of one expert each'
          : `${quoted(parts[at]!)} is no factor of plain LoRA; merge the adapter with PEFT (merge_and_unload) first`,
      place,
    );
  }
  const rest = parts.slice(at + 1);
  if (letter === 'B' && !embedding && rest.at(-1) === 'bias') return undefined;
  // Factors of embeddings are parameters of their own, not layers with a weight.
  if (!embedding && rest.pop() !== 'weight') throw invalid('no name of a LoRA factor', place);
  if (rest.length > 1) throw invalid('no name of a LoRA factor', place);
  // Longer or deeper names are no module's path, and would cost time when patterns are matched.
  if (at === 0 || at > 50 || name.length > 1000) {
    throw invalid('its name does not begin with the path of a module', place);
  }
  return {
    module: parts.slice(0, at).join('.'),
    factor: letter === 'A' ? 'a' : 'b',
    embedding: embedding !== undefined,
    adapter: rest[0] ?? '',
  };
}

function updateOf({ module, embedding, a, b }: Pair, settings: LoraSettings): LoraUpdate {
  const { file } = a;
  for (const { name, shape, dtype } of [a, b]) {
    const place = { file, tensor: name };
    if (elementTypes[dtype].values !== 'float') {
      throw unsupported(`its type ${dtype} is not a floating-point number; save it in F32`, place);
    }
    if (shape.length > 2) {
      throw unsupported(
        `shape [${shape}]: LoRA of convolutions is not read; merge it first`,
        place,
      );
    }
    if (shape.length < 2) throw invalid(`shape [${shape}] is not that of a matrix`, place);
  }
  const [rank, inputs] = a.shape as [number, number];
  const [outputs, rankOfB] = b.shape as [number, number];
  const shapes = `A is [${a.shape}], B is [${b.shape}]`;
  const place = { file, tensor: a.name };
  if (rank !== rankOfB) throw invalid(`${shapes}: their ranks differ; save it again`, place);
  if (rank * inputs * outputs === 0) throw invalid(`${shapes}: a side is zero`, place);
  if (inputs * outputs * 8 > Number.MAX_SAFE_INTEGER) {
    throw invalid(`${shapes}: their product is larger than any weight`, place);
  }
  const expected = settings.rankOf(module);
  if (rank !== expected) {
    throw invalid(
      `${shapes}, but the configuration gives the module the rank ${expected}; the two files are of different adapters`,
      place,
    );
  }
  return {
    module,
    rank,
    scale: settings.scaleOf(module),
    inputs,
    outputs,
    ...((embedding || settings.inputFirst) && { inputFirst: true }),
    ...(embedding && { embedding }),
    readA: wholeFactor(a),
    readB: wholeFactor(b),
  };
}

type ReadFactor = LoraUpdate['readA'];

const factors = new WeakMap<ReadFactor, StoredTensor>();

/** Reads all of a factor. */
export function wholeFactor(tensor: StoredTensor): ReadFactor {
  const read: ReadFactor = (signal) => tensor.read(undefined, undefined, signal);
  factors.set(read, tensor);
  return read;
}

/** The update as plain data; undefined where its factors are in this thread only. */
export function plainUpdate({ readA, readB, ...update }: LoraUpdate): PlainUpdate | undefined {
  const [a, b] = [readA, readB].map((read) => {
    const tensor = factors.get(read);
    return tensor && storedRecipeOf(tensor);
  });
  return a && b && { ...update, a, b };
}

/** An adapted weight that is saved as well keeps the name that PEFT's wrapper gives it. */
function savedWeights(
  tensors: readonly FileTensor[],
  updates: readonly LoraUpdate[],
): WeightTensor[] {
  const adapted = new Set(updates.map(({ module }) => `${module}.weight`));
  const options = { config: undefined, stacks: stacksOf(tensors), splitFused: false };
  return tensors.flatMap((tensor) => {
    const name = adapted.has(tensor.name)
      ? tensor.name.replace(/weight$/, 'base_layer.weight')
      : tensor.name;
    return weightsOf({ ...tensor, name }, options);
  });
}
