/** Adapters as PEFT reads them: the tensors of `adapter_model.safetensors`, and `adapter_config.json`. */
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { encodeValues, type FloatDType } from '../../values/encode.js';
import type { Adapter, LoraUpdate } from '../adapter.js';
import { WRAPPER } from '../forms/peft.js';
import { type LoraModule, loraPatterns } from '../pattern-keys.js';
import type { PlainFactors } from './factors.js';

/** A and B of a module under their names on disk, of any rank; those of experts under the names of MoLA. */
export function peftFactors(
  { module, inputs, outputs, kernel = [], embedding, expert }: LoraUpdate,
  rank: number,
  { a, b, dtype }: PlainFactors & { dtype: FloatDType },
): TensorData[] {
  const prefix = `${WRAPPER}${module}.lora_${embedding ? 'embedding_' : ''}`;
  const suffix = `${expert === undefined ? '' : `_${expert}`}${embedding ? '' : '.weight'}`;
  const tensor = (factor: string, shape: number[], values: Float32Array): TensorData => ({
    ...{ name: `${prefix}${factor}${suffix}`, dtype, shape },
    bytes: encodeValues(values, dtype),
  });
  return [
    tensor('A', [rank, inputs, ...kernel], a),
    tensor('B', [outputs, rank, ...kernel.map(() => 1)], b),
  ];
}

/** A weight that the adapter holds whole. */
export async function peftSaved(
  { name, dtype, shape, read }: StoredTensor,
  signal: AbortSignal | undefined,
): Promise<TensorData> {
  const values = await read(undefined, undefined, signal);
  const bytes = encodeValues(Float32Array.from(values), dtype as FloatDType);
  return { name: `${WRAPPER}${name}`, dtype, shape, bytes };
}

/** Settings of a trainer's choice of modules, and of other programs. */
const notTaken = [
  'molora',
  'top_k',
  'number_experts',
  'layers_to_transform',
  'layers_pattern',
  'exclude_modules',
];

/**
 * The settings of the adapter, where PEFT wrote them, with these ranks and alphas of its modules.
 *
 * @param modules at least one
 */
export function peftConfig(
  { config, format, base, updates, saved }: Omit<Adapter, 'weights' | 'close'>,
  modules: readonly LoraModule[],
): Record<string, unknown> {
  const isPeft = format === 'PEFT' || format === 'AlphaLoRA' || format === 'MoLA';
  const own = Object.entries((isPeft && config) || {}).filter(([key]) => !notTaken.includes(key));
  const isOfImages = format === 'kohya' || format === 'diffusers';
  // PEFT passes over weights of modules that its configuration does not name.
  const whole = isPeft ? [] : saved.map(({ name }) => name.replace(/\.(weight|bias)$/, ''));
  const isInputFirst = updates.some(({ embedding, inputFirst }) => inputFirst && !embedding);
  return {
    // Models of images have no such class.
    task_type: isOfImages ? null : 'CAUSAL_LM',
    bias: 'none',
    ...(whole.length > 0 && { modules_to_save: [...new Set(whole)] }),
    fan_in_fan_out: isInputFirst,
    base_model_name_or_path: base ?? null,
    ...Object.fromEntries(own),
    peft_type: 'LORA',
    ...loraPatterns(modules),
    use_rslora: false,
    init_lora_weights: true,
    inference_mode: true,
    // Full names rather than roles: other modules of the same role may have no adapter.
    target_modules: modules.map(({ module }) => module),
  };
}
