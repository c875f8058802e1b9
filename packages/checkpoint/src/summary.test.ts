import { expect, it } from 'vitest';
import { readCheckpoint } from './checkpoint.js';
import { serializeSafetensors } from './formats/safetensors/serialize.js';
import { memorySource } from './sources/memory.js';
import { weightsSummary } from './summary.js';

it('counts weights and parameters by what they are for and how they are stored', async () => {
  const tensor = (name: string, shape: number[], dtype: 'F32' | 'BF16') => {
    const elements = shape.reduce((a, b) => a * b);
    return { name, shape, dtype, bytes: new Uint8Array(elements * (dtype === 'F32' ? 4 : 2)) };
  };
  const file = Buffer.concat(
    serializeSafetensors({
      tensors: [
        tensor('model.embed_tokens.weight', [10, 4], 'BF16'),
        tensor('model.layers.0.self_attn.q_proj.weight', [4, 4], 'BF16'),
        tensor('model.layers.1.self_attn.q_proj.weight', [4, 4], 'F32'),
        tensor('model.layers.1.input_layernorm.weight', [4], 'F32'),
        tensor('lm_head.weight', [10, 4], 'BF16'),
      ],
    }),
  );
  const checkpoint = await readCheckpoint({ files: [memorySource(file, 'm.safetensors')] });
  expect(weightsSummary(checkpoint)).toEqual({
    weights: 5,
    parameters: 40 + 16 + 16 + 4 + 40,
    types: { BF16: 96, F32: 20 },
    bytes: file.byteLength,
    parts: {
      projections: { weights: 2, parameters: 32, types: { BF16: 16, F32: 16 } },
      embeddings: { weights: 2, parameters: 80, types: { BF16: 80 } },
      other: { weights: 1, parameters: 4, types: { F32: 4 } },
    },
  });
});
