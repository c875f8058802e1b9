/** What stands for the values of a weight that is known without being read. */
import { defined } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from './checkpoint.js';
import { memorySource } from './sources/memory.js';
import { adapterOf, fileOf, lora, matrix } from './test-support/adapters.js';

const q = 'model.layers.0.self_attn.q_proj.weight';
const k = 'model.layers.0.self_attn.k_proj.weight';
const fused = 'transformer.h.0.attn.c_attn.weight';
const file = fileOf([
  matrix(q, [[1, 2]]),
  matrix(k, [[1, 2]]),
  matrix(fused, [
    [1, 2, 3],
    [4, 5, 6],
  ]),
]);
const source = (identity?: string) => ({
  ...memorySource(file, 'model.safetensors'),
  ...defined({ identity }),
});

async function identities(identity: string | undefined, options = {}) {
  const gpt2 = new TextEncoder().encode('{"model_type":"gpt2"}');
  const config = memorySource(gpt2, 'config.json');
  const { tensors } = await readCheckpoint({ files: [source(identity)], config }, options);
  return new Map(tensors.map((tensor) => [tensor.name, tensor.identity]));
}

describe('the identity of a weight', () => {
  it('is that of its file and its place in it', async () => {
    const found = await identities('file');
    expect(new Set(found.values()).size).toBe(3);
    for (const identity of found.values()) expect(identity).toMatch(/^file \d+-\d+$/);
    expect(found).not.toEqual(await identities('other file'));
  });

  it('is not there when that of the file is not', async () => {
    expect([...(await identities(undefined)).values()]).toEqual([undefined, undefined, undefined]);
  });

  it('tells the parts of a fused weight apart', async () => {
    const found = await identities('file', { splitFused: true });
    expect([...found.keys()].slice(2)).toEqual([`${fused}[q]`, `${fused}[k]`, `${fused}[v]`]);
    expect(new Set(found.values()).size).toBe(5);
  });

  it('is lost where an adapter changes the weight', async () => {
    const adapter = await adapterOf(lora('model.layers.0.self_attn.q_proj', [[1, 1]], [[1]]), {
      r: 1,
      lora_alpha: 1,
    });
    const found = await identities('file', { adapter });
    expect(found.get(q)).toBeUndefined();
    expect(found.get(k)).toMatch(/^file /);
  });
});
