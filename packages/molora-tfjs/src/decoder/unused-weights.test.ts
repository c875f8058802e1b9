/** A weight of a block that its family does not use is refused by name; buffers that early files have are not. */
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { encoderCheckpoint } from '../test-support/random-encoder.js';
import type { DecoderConfig } from './config.js';
import { loadDecoder } from './decoder.js';
import { decoderConfig } from './families/index.js';

const sizes = {
  ...{ hidden_size: 8, intermediate_size: 12, num_hidden_layers: 2, vocab_size: 5 },
  ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 6 },
};
const mixture = { num_experts: 2, num_experts_per_tok: 1, moe_intermediate_size: 12 };
const mask = [1, 1, 6, 6];

/** By `model_type`: other settings, a module that the family does not have, and buffers of released files. */
const families: Record<string, [settings: object, unused: string, buffers?: object]> = {
  llama: [{}, 'self_attn.q_norm', { 'self_attn.rotary_emb.inv_freq': [2] }],
  mistral: [{}, 'self_attn.q_norm', { 'self_attn.rotary_emb.inv_freq': [2] }],
  mixtral: [mixture, 'block_sparse_moe.experts.2.w1'],
  smollm3: [{}, 'self_attn.q_norm'],
  olmo2: [{}, 'input_layernorm'],
  olmoe: [mixture, 'mlp.experts.2.up_proj'],
  qwen2: [{}, 'self_attn.k_norm'],
  qwen3: [{}, 'pre_feedforward_layernorm'],
  qwen3_moe: [mixture, 'mlp.shared_expert.up_proj'],
  phi3: [{}, 'self_attn.q_proj'],
  gemma: [{}, 'pre_feedforward_layernorm'],
  gemma2: [{}, 'self_attn.q_norm'],
  gemma3_text: [{}, 'mlp.router'],
  gpt2: [{}, 'crossattention.c_attn', { 'attn.bias': mask, 'attn.masked_bias': [] }],
  gpt_neox: [
    { rotary_pct: 0.5 },
    'attention.q_norm',
    {
      ...{ 'attention.bias': mask, 'attention.masked_bias': [] },
      'attention.rotary_emb.inv_freq': [1],
    },
  ],
};

type Shapes = Record<string, number[]>;

/** Of all tensors that a description asks for. */
function shapesOf({ hiddenSize, vocabularySize, maxPositions, ...config }: DecoderConfig): Shapes {
  const { names, tiedEmbeddings, norm } = config;
  const linear = (name: string, inputs: number, outputs: number, bias: boolean): Shapes => ({
    [`${name}.weight`]: [outputs, inputs],
    ...(bias && { [`${name}.bias`]: [outputs] }),
  });
  const gains = (name: string, size: number): Shapes => ({
    [`${name}.weight`]: [size],
    ...(norm.kind === 'layer' && { [`${name}.bias`]: [size] }),
  });
  const blocks = config.blocks.flatMap(({ projections, norms, feedForward }) => [
    ...projections.map(({ name, inputs, outputs, bias }) => ({
      ...linear(name, inputs, outputs, bias),
      // GPT-2 stores linear maps the other way round.
      ...(config.modelType === 'gpt2' && { [`${name}.weight`]: [inputs, outputs] }),
    })),
    ...Object.values(norms).map(({ name, size }) => gains(name, size)),
    feedForward.kind === 'mixture'
      ? linear(feedForward.router, hiddenSize, feedForward.experts, false)
      : {},
  ]);
  return Object.assign(
    {},
    linear(names.embeddings, hiddenSize, vocabularySize, false),
    names.positions && linear(names.positions, hiddenSize, maxPositions, false),
    gains(names.norm, hiddenSize),
    tiedEmbeddings ? {} : linear(names.output, hiddenSize, vocabularySize, false),
    ...blocks,
  );
}

/** Loads a model of zeros, and frees it. */
async function load(json: Record<string, unknown>, shapes: Shapes): Promise<void> {
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [name, { shape, values: new Float32Array(size) }] as const;
  });
  const decoder = await loadDecoder(await encoderCheckpoint(new Map(tensors), json));
  decoder.dispose();
}

beforeAll(() => useBackend('cpu'));

it('knows every family', () => {
  expect(() => decoderConfig({ model_type: 'none' })).toThrow(
    `it can be one of ${Object.keys(families).join(', ')}`,
  );
});

describe.each(Object.entries(families))('%s', (type, [settings, unused, buffers = {}]) => {
  const gpt2 = { n_embd: 8, n_layer: 2, n_head: 2, n_positions: 6, n_inner: 12, vocab_size: 5 };
  const json = { model_type: type, ...(type === 'gpt2' ? gpt2 : { ...sizes, ...settings }) };
  const config = decoderConfig(json);
  const shapes = shapesOf(config);
  const block = config.blocks[1]!;

  it('is loaded, with the buffers that files of it have', async () => {
    const named = Object.entries(buffers).map(([name, shape]) => [`${block.name}.${name}`, shape]);
    await load(json, { ...shapes, ...Object.fromEntries(named) });
  });

  it.each([
    [`${block.name}.${unused}.weight`, [8, 8]],
    [`${block.name}.${unused}.bias`, [8]],
    // A bias of a projection that has none by the settings, or of a norm without one.
    ...[...block.projections, ...Object.values(block.norms)]
      .map(({ name }) => `${name}.bias`)
      .filter((name) => !(name in shapes))
      .slice(0, 1)
      .map((name): [string, number[]] => [name, [8]]),
  ])('is refused with %s', async (name, shape) => {
    await expect(load(json, { ...shapes, [name]: shape })).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringContaining(`has ${name}, which a model of the type ${type} `),
      details: { tensor: name },
    });
  });

  it('does not care for weights outside of its blocks', async () => {
    await load(json, { ...shapes, 'vision_tower.embeddings.weight': [3, 3] });
  });
});

describe('experts in one tensor', () => {
  const json = { model_type: 'mixtral', ...sizes, ...mixture };
  const isMixture = (name: string): boolean => name.includes('block_sparse_moe');
  const dense = Object.entries(shapesOf(decoderConfig(json))).filter(([name]) => !isMixture(name));
  const stacked = [0, 1].flatMap((block): [string, number[]][] => [
    [`model.layers.${block}.mlp.gate.weight`, [2, 8]],
    [`model.layers.${block}.mlp.experts.gate_up_proj`, [2, 24, 8]],
    [`model.layers.${block}.mlp.experts.down_proj`, [2, 8, 12]],
  ]);
  const shapes = Object.fromEntries([...dense, ...stacked]);

  it('are used, and so is their router', async () => {
    await load(json, shapes);
  });

  it('are refused beside the same experts one by one', async () => {
    const name = 'model.layers.1.block_sparse_moe.gate.weight';
    await expect(load(json, { ...shapes, [name]: [2, 8] })).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      details: { tensor: 'model.layers.1.mlp.gate.weight' },
    });
  });
});
