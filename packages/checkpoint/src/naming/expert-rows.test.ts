/** DBRX's experts through the reader: rows of one matrix, read expert by expert. */
import { expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { serializeSafetensors } from '../formats/safetensors/serialize.js';
import { memorySource } from '../sources/memory.js';
import { joined } from '../test-support/files.js';
import { encodeValues } from '../values/encode.js';

it('reads the values as they are stored', async () => {
  const name = 'transformer.blocks.0.ffn.experts.mlp.w1';
  const bytes = encodeValues(
    Float32Array.from({ length: 24 }, (_, i) => i),
    'F32',
  );
  const file = joined(
    serializeSafetensors({ tensors: [{ name, shape: [6, 4], dtype: 'F32', bytes }] }),
  );
  const config = JSON.stringify({ model_type: 'dbrx', ffn_config: { moe_num_experts: 2 } });
  const { tensors } = await readCheckpoint({
    files: [memorySource(file, 'model.safetensors')],
    config: memorySource(new TextEncoder().encode(config), 'config.json'),
  });
  expect(tensors[0]).toMatchObject({ shape: [2, 3, 4], stacked: true, kind: 'projection' });
  expect([...(await tensors[0]!.read(12, 16))]).toEqual([12, 13, 14, 15]);
});
