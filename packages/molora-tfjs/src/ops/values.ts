/** Tensors to plain data and back, by name. Copies both ways: some backends hand out their own memory. */
import * as tf from '@tensorflow/tfjs';
import type { Tensors, TensorValues } from '../adapters/adapter-spec.js';
import { readTensor } from './webgpu.js';

/** @throws AlphaLoraError `ENGINE_FAILED` when the device of the backend reported an error */
export async function valuesOf(tensors: Tensors): Promise<Record<string, TensorValues>> {
  const values: Record<string, TensorValues> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    values[name] = { shape: [...tensor.shape], values: new Float32Array(await readTensor(tensor)) };
  }
  return values;
}

export function tensorOf({ shape, values }: TensorValues): tf.Tensor {
  return tf.tensor(new Float32Array(values), [...shape], 'float32');
}
