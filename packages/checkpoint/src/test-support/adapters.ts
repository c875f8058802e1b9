/** LoRA adapters and models made of a few numbers. */
import type { Adapter } from '../adapter/adapter.js';
import { readAdapter } from '../adapter/read.js';
import { type Checkpoint, type CheckpointOptions, readCheckpoint } from '../checkpoint.js';
import { serializeSafetensors, type TensorData } from '../formats/safetensors/serialize.js';
import { memorySource } from '../sources/memory.js';
import { encodeValues, type FloatDType } from '../values/encode.js';
import { joined } from './files.js';

/** A tensor of these rows. */
export function matrix(name: string, rows: number[][], dtype: FloatDType = 'F32'): TensorData {
  const shape = [rows.length, rows[0]!.length];
  return { name, dtype, shape, bytes: encodeValues(Float32Array.from(rows.flat()), dtype) };
}

export function vector(name: string, values: number[], dtype: FloatDType = 'F32'): TensorData {
  return {
    name,
    dtype,
    shape: [values.length],
    bytes: encodeValues(Float32Array.from(values), dtype),
  };
}

/** The factors of a module, under the names that PEFT gives them. */
export function lora(module: string, a: number[][], b: number[][]): TensorData[] {
  const name = `base_model.model.${module}`;
  return [matrix(`${name}.lora_A.weight`, a), matrix(`${name}.lora_B.weight`, b)];
}

export function fileOf(
  tensors: readonly TensorData[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  return joined(serializeSafetensors({ tensors, ...(metadata && { metadata }) }));
}

const jsonSource = (value: unknown, name: string) =>
  memorySource(
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
    name,
  );

/** @param config is added to `peft_type`; its text where it is no object */
export function adapterOf(
  tensors: readonly TensorData[],
  config: Readonly<Record<string, unknown>> | string,
): Promise<Adapter> {
  return readAdapter({
    weights: memorySource(fileOf(tensors), 'lora/adapter_model.safetensors'),
    config: jsonSource(
      typeof config === 'string' ? config : { peft_type: 'LORA', ...config },
      'lora/adapter_config.json',
    ),
    name: 'lora',
  });
}

export function modelOf(
  tensors: readonly TensorData[],
  options?: CheckpointOptions,
  config?: unknown,
  metadata?: Readonly<Record<string, string>>,
): Promise<Checkpoint> {
  return readCheckpoint(
    {
      files: [memorySource(fileOf(tensors, metadata), 'base/model.safetensors')],
      ...(config !== undefined && { config: jsonSource(config, 'base/config.json') }),
    },
    options,
  );
}
