/** Fused projections through the whole reader; `naming/fused/index.test.ts` has the layouts one by one. */
import { describe, expect, it } from 'vitest';
import { type CheckpointOptions, readCheckpoint } from './checkpoint.js';
import { serializeSafetensors, type TensorData } from './formats/safetensors/serialize.js';
import { memorySource } from './sources/memory.js';
import { countingSource } from './test-support/counting-source.js';
import { joined } from './test-support/files.js';
import { encodeValues } from './values/encode.js';
import { elementCount } from './values/sizes.js';

/** A tensor whose elements are their own positions. */
function counting(name: string, shape: number[]): TensorData {
  const values = Float32Array.from({ length: elementCount(shape) }, (_, i) => i);
  return { name, shape, dtype: 'F32', bytes: encodeValues(values, 'F32') };
}

const open = async (tensor: TensorData, config: object, options?: CheckpointOptions) => {
  const source = countingSource(joined(serializeSafetensors({ tensors: [tensor] })));
  const configBytes = new TextEncoder().encode(JSON.stringify(config));
  const { tensors } = await readCheckpoint(
    { files: [source], config: memorySource(configBytes, 'config.json') },
    { splitFused: true, ...options },
  );
  const values = async () => Promise.all(tensors.map(async ({ read }) => [...(await read())]));
  return { source, tensors, values };
};

const openAll = (tensors: TensorData[], config: object) =>
  readCheckpoint(
    {
      files: [memorySource(joined(serializeSafetensors({ tensors })), 'model.safetensors')],
      config: memorySource(new TextEncoder().encode(JSON.stringify(config)), 'config.json'),
    },
    { splitFused: true },
  );

const cAttn = 'transformer.h.0.attn.c_attn.weight';
const qkv = 'model.layers.0.self_attn.qkv_proj.weight';
const neox = 'gpt_neox.layers.0.attention.query_key_value.weight';
const experts = 'model.layers.0.mlp.experts.gate_up_proj';

describe('splitFused', () => {
  // Element [row, column] is row * columns + column; the expected positions follow from how the
  // models take the outputs apart.
  it('GPT-2: ranges of columns', async () => {
    const { tensors, values } = await open(counting(cAttn, [2, 6]), { model_type: 'gpt2' });
    expect(tensors).toMatchObject([
      { name: `${cAttn}[q]`, role: 'q_proj', shape: [2, 2], partOf: cAttn, inputFirst: true },
      { name: `${cAttn}[k]`, role: 'k_proj', shape: [2, 2], block: 0, kind: 'projection' },
      { name: `${cAttn}[v]`, role: 'v_proj', shape: [2, 2], dtype: 'F32' },
    ]);
    expect(await values()).toEqual([
      [0, 1, 6, 7],
      [2, 3, 8, 9],
      [4, 5, 10, 11],
    ]);
    // Not stored in one run, so there are no stored bytes to hand out.
    expect(tensors.every(({ readInto }) => readInto === undefined)).toBe(true);
  });

  it('Phi-3: ranges of rows, which are stored in one run', async () => {
    const config = { model_type: 'phi3', num_attention_heads: 2, num_key_value_heads: 1 };
    const { tensors } = await open(counting(qkv, [8, 3]), config);
    expect(tensors.map(({ shape, role }) => [role, ...shape])).toEqual([
      ['q_proj', 4, 3],
      ['k_proj', 2, 3],
      ['v_proj', 2, 3],
    ]);
    expect([...(await tensors[2]!.read(1, 4))]).toEqual([19, 20, 21]);
    const target = new Float32Array(2);
    await tensors[2]!.readInto!(new Uint8Array(target.buffer), 4);
    expect([...target]).toEqual([22, 23]);
  });

  it('GPT-NeoX: rows of q, k and v in turn, head by head', async () => {
    const config = { model_type: 'gpt_neox', num_attention_heads: 2 };
    // [heads, 3, head size] = [2, 3, 2] rows of one column.
    expect(await (await open(counting(neox, [12, 1]), config)).values()).toEqual([
      [0, 1, 6, 7],
      [2, 3, 8, 9],
      [4, 5, 10, 11],
    ]);
    await expect(open(counting(neox, [12, 1]), { model_type: 'gpt_neox' })).rejects.toThrow(
      /^model\.safetensors: .*query_key_value.*num_attention_heads/,
    );
  });

  it('splits what stands beside the model by its own settings, or leaves it whole with a note', async () => {
    const block = counting('model.layers.0.self_attn.q_proj.weight', [40, 40]);
    const tower = (name: string) => counting(`visual.blocks.0.attn.${name}.weight`, [12, 4]);
    const config = {
      ...{ model_type: 'x', num_hidden_layers: 1, num_attention_heads: 2 },
      vision_config: { model_type: 'codegen', n_head: 4 },
    };
    const split = await openAll([block, tower('qkv_proj')], config);
    expect(split.tensors.map(({ role }) => role)).toEqual(['q_proj', 'q_proj', 'v_proj', 'k_proj']);
    expect(split.notes).toEqual([]);
    const whole = await openAll([block, tower('qkv')], config);
    expect(whole.tensors.map(({ role }) => role)).toEqual(['q_proj', 'qkv']);
    expect(whole.notes).toEqual([
      'visual.blocks.*.attn.qkv.weight stays whole: the layout of qkv in model_type "x", "codegen" is not known',
    ]);
    const { vision_config: _, ...textOnly } = config;
    const phi = await openAll([block, tower('qkv_proj')], { ...textOnly, model_type: 'phi3' });
    expect(phi.notes).toEqual([expect.stringMatching(/stays whole: .*num_attention_heads/)]);
  });

  it('stacked experts: halves of the last axis', async () => {
    const { tensors, values } = await open(counting(experts, [2, 2, 4]), { model_type: 'llama4' });
    expect(tensors[1]).toMatchObject({ shape: [2, 2, 2], stacked: true, inputFirst: true });
    expect(await values()).toEqual([
      [0, 1, 4, 5, 8, 9, 12, 13],
      [2, 3, 6, 7, 10, 11, 14, 15],
    ]);
  });

  it('is off unless asked for, and leaves biases alone', async () => {
    const whole = await open(counting(cAttn, [2, 6]), {}, { splitFused: false });
    expect(whole.tensors.map(({ name, role }) => [name, role])).toEqual([[cAttn, 'c_attn']]);
    const bias = counting('transformer.h.0.attn.c_attn.bias', [6]);
    expect((await open(bias, { model_type: 'gpt2' })).tensors).toHaveLength(1);
  });

  it('takes no memory for sizes that no bytes stand behind', async () => {
    const huge = { ...counting(experts, [1]), shape: [0, 2, 2 ** 48], bytes: new Uint8Array(0) };
    const { tensors } = await open(huge, { model_type: 'gpt_oss' });
    expect(tensors.map(({ name }) => name)).toEqual([experts]);
    const heads = { model_type: 'gpt_neox', num_attention_heads: 2 ** 48 };
    const none = { ...counting(neox, [1]), shape: [0, 4], bytes: new Uint8Array(0) };
    expect((await open(none, heads)).tensors).toHaveLength(1);
    await expect(open(counting(neox, [12, 1]), heads)).rejects.toThrow(/as config.json says/);
  });

  it.each([
    [4, 786_432],
    [1000, 3072],
  ])('gathers the columns of a %i x %i matrix in bounded reads', async (rows, columns) => {
    const { source, tensors } = await open(counting(cAttn, [rows, columns]), {
      model_type: 'gpt2',
    });
    const width = columns / 3;
    const k = await tensors[1]!.read();
    expect(k).toHaveLength(rows * width);
    for (let row = 0; row < rows; row++) {
      expect(k[row * width]).toBe(row * columns + width);
      expect(k[(row + 1) * width - 1]).toBe(row * columns + 2 * width - 1);
    }
    expect(source.largestRead()).toBeLessThanOrEqual(1 << 20);
  });
});
