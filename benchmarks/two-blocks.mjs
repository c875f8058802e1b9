/**
 * Two blocks of Llama-2-7B's shapes: 14 bfloat16 matrices, 810 MB of seeded random weights with
 * heavy-tailed rows. Made once and kept in the folder.
 */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '../packages/checkpoint/dist/index.js';
import { fillMatrix, uniform } from './lib.mjs';

export const BLOCKS = 2;

const projections = {
  'self_attn.q_proj': [4096, 4096],
  'self_attn.k_proj': [4096, 4096],
  'self_attn.v_proj': [4096, 4096],
  'self_attn.o_proj': [4096, 4096],
  'mlp.gate_proj': [11008, 4096],
  'mlp.up_proj': [11008, 4096],
  'mlp.down_proj': [4096, 11008],
};

export function makeTwoBlocks(folder) {
  const file = join(folder, 'model.safetensors');
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  const tensors = [];
  for (let block = 0; block < BLOCKS; block++) {
    for (const [name, shape] of Object.entries(projections)) {
      const values = new Float32Array(shape[0] * shape[1]);
      fillMatrix(values, shape[1], 'heavy', uniform(tensors.length + 1));
      const bytes = encodeValues(values, 'BF16');
      tensors.push({ name: `model.layers.${block}.${name}.weight`, dtype: 'BF16', shape, bytes });
    }
  }
  const handle = openSync(`${file}.part`, 'w');
  for (const part of serializeSafetensors({ tensors })) writeSync(handle, part);
  closeSync(handle);
  renameSync(`${file}.part`, file);
}
