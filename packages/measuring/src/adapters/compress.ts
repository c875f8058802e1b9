/**
 * A trained LoRA reduced to the ranks that it uses: one threshold on the singular values of all updates
 * together, as in PARA (arXiv 2604.27796), so that a module keeps what is large beside those of the
 * others, and modules get ranks of their own. What is kept of each update is its closest matrix of
 * that rank, from the exact decomposition of its factors.
 */
import {
  type Adapter,
  encodeValues,
  type FloatDType,
  type LoraUpdate,
  loraPatterns,
  serializeSafetensors,
  type TensorData,
} from '@alphalora/checkpoint';
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import { decompose, parametersOf } from './describe.js';

/** How much is kept: exactly one of them. */
export interface CompressionTarget {
  /** Mean rank of all modules. */
  rank?: number;
  /** Share of the parameters of the factors. */
  parameters?: number;
  /** Share of the sum of the squared singular values of all modules. */
  energy?: number;
}

interface CompressedModule {
  readonly module: string;
  readonly rankBefore: number;
  /** 0 where nothing of the update is above the threshold; the module is left out then. */
  readonly rank: number;
  /** Share of the squares of its singular values that is kept. */
  readonly energy: number;
}

export interface CompressedAdapter {
  /** adapter_model.safetensors, in pieces. */
  readonly weights: readonly Uint8Array[];
  /** adapter_config.json of PEFT. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly modules: readonly CompressedModule[];
  /** The smallest singular value that is kept. */
  readonly threshold: number;
  readonly parametersBefore: number;
  readonly parameters: number;
  /** Share of the squares of all singular values that is kept. */
  readonly energy: number;
}

interface SingularValue {
  readonly value: number;
  readonly update: number;
}

/**
 * Factors keep the type that they are stored in; every scaling becomes 1.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when the target is out of range, or nothing is kept;
 *   `UNSUPPORTED_CHECKPOINT` for adapters of image models; `NO_SPECTRUM` when a factor contains
 *   NaN or infinity
 */
export async function compressAdapter(
  adapter: Adapter,
  target: CompressionTarget,
  { signal }: { signal?: AbortSignal } = {},
): Promise<CompressedAdapter> {
  if (adapter.format === 'kohya' || adapter.format === 'diffusers') {
    throw errorIn(
      'UNSUPPORTED_CHECKPOINT',
      adapter.source,
      `it is in the format of ${adapter.format}, and what is written is PEFT's; give an adapter of a language model`,
    );
  }
  const { updates } = adapter;
  const spectra: Float64Array[] = [];
  for (const update of updates) {
    signal?.throwIfAborted();
    spectra.push((await decompose(update, signal)).singularValues);
  }
  const kept = largestFirst(spectra, updates, target);
  const ranks = updates.map(() => 0);
  for (const { update } of kept) ranks[update]! += 1;
  const tensors: TensorData[] = [];
  for (const [i, update] of updates.entries()) {
    if (ranks[i] === 0) continue;
    signal?.throwIfAborted();
    const { truncated } = await decompose(update, signal);
    tensors.push(...factorsOf(update, ranks[i]!, truncated(ranks[i]!)));
  }
  for (const weight of adapter.saved) tensors.push(await savedTensor(weight, signal));
  const modules = updates.map(({ module, rank }, i) => ({
    module,
    rankBefore: rank,
    rank: ranks[i]!,
    energy: shareOfSquares(spectra[i]!, ranks[i]!),
  }));
  const all = spectra.reduce((sum, values) => sum + sumOfSquares(values), 0);
  const left = kept.reduce((sum, { value }) => sum + value ** 2, 0);
  return {
    weights: serializeSafetensors({ tensors, metadata: { format: 'pt' } }),
    config: configOf(adapter, ranks),
    modules,
    threshold: kept.at(-1)!.value,
    parametersBefore: updates.reduce((sum, each) => sum + parametersOf(each, each.rank), 0),
    parameters: updates.reduce((sum, each, i) => sum + parametersOf(each, ranks[i]!), 0),
    energy: left / all,
  };
}

/** The singular values above the threshold that the target leads to. */
function largestFirst(
  spectra: readonly Float64Array[],
  updates: readonly LoraUpdate[],
  target: CompressionTarget,
): SingularValue[] {
  const all = spectra
    .flatMap((values, update) => [...values].map((value): SingularValue => ({ value, update })))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value || a.update - b.update);
  if (all.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'all updates of the adapter are zero: it was not trained, and there is nothing to keep',
    );
  }
  const count = countOf(all, updates, target);
  if (count > 0) return all.slice(0, count);
  throw new AlphaLoraError(
    'INVALID_OPTION',
    'nothing of the adapter fits into so little; give a larger rank or share',
  );
}

function countOf(
  all: readonly SingularValue[],
  updates: readonly LoraUpdate[],
  { rank, parameters, energy }: CompressionTarget,
): number {
  if ([rank, parameters, energy].filter((given) => given !== undefined).length !== 1) {
    throw new AlphaLoraError('INVALID_OPTION', 'give one of rank, parameters and energy');
  }
  if (rank !== undefined) {
    if (!(Number.isFinite(rank) && rank > 0)) {
      throw new AlphaLoraError('INVALID_OPTION', `the mean rank ${rank} is not above 0`);
    }
    return Math.min(all.length, Math.floor(rank * updates.length));
  }
  const share = (parameters ?? energy)!;
  if (!(share > 0 && share <= 1)) {
    throw new AlphaLoraError('INVALID_OPTION', `the share ${share} is not above 0 and at most 1`);
  }
  const costs = all.map(({ value, update }) =>
    parameters === undefined ? value ** 2 : parametersOf(updates[update]!, 1),
  );
  const total =
    parameters === undefined
      ? costs.reduce((sum, cost) => sum + cost, 0)
      : updates.reduce((sum, update) => sum + parametersOf(update, update.rank), 0);
  let sum = 0;
  for (const [i, cost] of costs.entries()) {
    if (parameters !== undefined && sum + cost > share * total) return i;
    sum += cost;
    // Sums of all, in this order, are the total itself.
    if (parameters === undefined && sum >= share * total) return i + 1;
  }
  return all.length;
}

const WRAPPER = 'base_model.model.';

function factorsOf(
  update: LoraUpdate,
  rank: number,
  { left, right }: { left: Float64Array; right: Float64Array },
): TensorData[] {
  const { module, inputs, outputs, kernel = [], embedding } = update;
  const dtype = update.dtype as FloatDType;
  const prefix = `${WRAPPER}${module}.lora_${embedding ? 'embedding_' : ''}`;
  const suffix = embedding ? '' : '.weight';
  const tensor = (factor: string, shape: number[], values: Float64Array): TensorData => ({
    ...{ name: `${prefix}${factor}${suffix}`, dtype, shape },
    bytes: encodeValues(Float32Array.from(values), dtype),
  });
  return [
    tensor('A', [rank, inputs, ...kernel], right),
    tensor('B', [outputs, rank, ...kernel.map(() => 1)], left),
  ];
}

async function savedTensor(
  { name, dtype, shape, read }: Adapter['saved'][number],
  signal: AbortSignal | undefined,
): Promise<TensorData> {
  const values = await read(undefined, undefined, signal);
  const bytes = encodeValues(Float32Array.from(values), dtype as FloatDType);
  return { name: `${WRAPPER}${name}`, dtype, shape, bytes };
}

/** The settings of the adapter, with the new ranks, each as its own alpha. */
function configOf({ config, format, updates, base }: Adapter, ranks: readonly number[]) {
  const {
    molora: _,
    layers_to_transform: __,
    layers_pattern: ___,
    exclude_modules: ____,
    ...settings
  } = format === 'mlx-lm' ? {} : (config ?? {});
  const left = updates.flatMap(({ module }, i) =>
    ranks[i]! > 0 ? [{ module, rank: ranks[i]!, alpha: ranks[i]! }] : [],
  );
  return {
    task_type: 'CAUSAL_LM',
    bias: 'none',
    fan_in_fan_out: false,
    base_model_name_or_path: base ?? null,
    ...settings,
    peft_type: 'LORA',
    ...loraPatterns(left),
    use_rslora: false,
    init_lora_weights: true,
    inference_mode: true,
    target_modules: left.map(({ module }) => module),
  };
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}

function shareOfSquares(values: Float64Array, kept: number): number {
  const all = sumOfSquares(values);
  return all === 0 ? 1 : sumOfSquares(values.subarray(0, kept)) / all;
}
