import { expect, it } from 'vitest';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { matrix, modelOf, vector } from '../test-support/adapters.js';

const integers = (name: string, dtype: TensorData['dtype'], size: number): TensorData => ({
  name,
  dtype,
  shape: [2, 2],
  bytes: new Uint8Array(4 * size),
});

it('a note tells of projections that hold integers of no known scheme', async () => {
  const module = (name: string) => `model.layers.0.mlp.${name}`;
  const { notes, tensors } = await modelOf([
    integers(module('up_proj.weight'), 'I8', 1),
    integers(module('gate_proj.weight'), 'I32', 4),
    integers(module('down_proj.weight'), 'I8', 1),
    vector(module('down_proj.weight_scale'), [1]),
    matrix('model.layers.0.self_attn.q_proj.weight', [[1, 2]]),
  ]);
  expect(tensors).toHaveLength(5);
  expect(notes).toEqual([
    '2 projections hold integers (I32, I8), quantized in a way that is not known, and are not measured: give the original checkpoint, or convert it to BF16 with the program that made it',
  ]);
});

it('there is none where a scheme is known, and none of integers that are no projections', async () => {
  const { notes } = await modelOf([
    integers('model.layers.0.mlp.up_proj.weight', 'I8', 1),
    vector('model.layers.0.mlp.up_proj.weight_scale', [1]),
    integers('model.position_ids', 'I64', 8),
  ]);
  expect(notes).toEqual([]);
});
