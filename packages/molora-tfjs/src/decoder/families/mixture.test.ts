/** What is made of the configurations of mixtures, and which are refused. */
import { describe, expect, it } from 'vitest';
import { pretrainable } from '../../training/pretrainable.js';
import { decoderConfig } from './index.js';

/** The file of Mixtral-8x7B, as far as it decides what is computed. */
const mixtral = {
  model_type: 'mixtral',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  num_local_experts: 8,
  num_experts_per_tok: 2,
  vocab_size: 32000,
  max_position_embeddings: 32768,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 1e6,
  sliding_window: null,
  router_aux_loss_coef: 0.02,
};

/** The file of Qwen3-30B-A3B, likewise. */
const qwen3 = {
  model_type: 'qwen3_moe',
  decoder_sparse_step: 1,
  head_dim: 128,
  hidden_size: 2048,
  intermediate_size: 6144,
  max_position_embeddings: 40960,
  max_window_layers: 48,
  mlp_only_layers: [],
  moe_intermediate_size: 768,
  norm_topk_prob: true,
  num_attention_heads: 32,
  num_experts: 128,
  num_experts_per_tok: 8,
  num_hidden_layers: 48,
  num_key_value_heads: 4,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  sliding_window: null,
  use_sliding_window: false,
  vocab_size: 151936,
};

/** The file of OLMoE-1B-7B, likewise. */
const olmoe = {
  model_type: 'olmoe',
  clip_qkv: null,
  hidden_size: 2048,
  intermediate_size: 1024,
  max_position_embeddings: 4096,
  norm_topk_prob: false,
  num_attention_heads: 16,
  num_experts: 64,
  num_experts_per_tok: 8,
  num_hidden_layers: 16,
  num_key_value_heads: 16,
  vocab_size: 50304,
};

/** Of all weights, by the description. */
function parameters(json: Record<string, unknown>): number {
  const { blocks, hiddenSize, vocabularySize, tiedEmbeddings } = decoderConfig(json);
  const ofBlocks = blocks.map(({ projections, norms, feedForward }) => {
    const maps = projections.map(({ inputs, outputs }) => inputs * outputs);
    const gains = Object.values(norms).map(({ size }) => size);
    const router = feedForward.kind === 'mixture' ? feedForward.experts * hiddenSize : 0;
    return [...maps, ...gains, router].reduce((sum, count) => sum + count, 0);
  });
  const tables = (tiedEmbeddings ? 1 : 2) * vocabularySize * hiddenSize;
  return ofBlocks.reduce((sum, count) => sum + count, tables + hiddenSize);
}

it('counts the parameters of the releases', () => {
  expect(parameters(mixtral)).toBe(46_702_792_704);
  expect(parameters(qwen3)).toBe(30_532_122_624);
  expect(parameters(olmoe)).toBe(6_919_161_856);
});

it('has blocks without a mixture where Qwen3-MoE says so', () => {
  const kinds = (change: object) =>
    decoderConfig({ ...qwen3, num_hidden_layers: 5, ...change }).blocks.map(
      ({ feedForward }) => feedForward.kind,
    );
  expect(kinds({ mlp_only_layers: [0, 3] })).toEqual([
    ...['gated', 'mixture', 'mixture', 'gated', 'mixture'],
  ]);
  expect(kinds({ decoder_sparse_step: 2 })).toEqual([
    ...['gated', 'mixture', 'gated', 'mixture', 'gated'],
  ]);
});

it('does not clip as some OLMoE do', () => {
  expect(() => decoderConfig({ ...olmoe, clip_qkv: 8 })).toThrow(
    /clip_qkv 8: queries, keys and values are not clipped here/,
  );
});

describe('Mixtral', () => {
  it('has the modules of its checkpoint', () => {
    const { blocks } = decoderConfig(mixtral);
    const { projections, feedForward, window } = blocks[31]!;
    expect(window).toBeUndefined();
    expect(feedForward).toEqual({
      ...{ kind: 'mixture', activation: 'silu', experts: 8, perToken: 2, normalized: true },
      router: 'model.layers.31.block_sparse_moe.gate',
      stacked: 'model.layers.31.mlp',
    });
    expect(projections).toHaveLength(4 + 3 * 8);
    expect(projections.at(-1)).toEqual({
      name: 'model.layers.31.block_sparse_moe.experts.7.w2',
      ...{ role: 'w2', expert: 7, inputs: 14336, outputs: 4096, bias: false, parts: ['down'] },
    });
  });

  it.each<[change: object, message: RegExp]>([
    [{ num_local_experts: undefined }, /how many experts a block has is missing/],
    [{ num_experts_per_tok: undefined }, /num_experts_per_tok/],
    [{ num_experts_per_tok: 9 }, /num_experts_per_tok is 9, and a block has 8 experts/],
    [{ num_local_experts: 1e9 }, /32 blocks of 1000000000 experts are more than any model has/],
    [{ num_local_experts: 2.5 }, /num_local_experts/],
  ])('refuses %j', (change, message) => {
    expect(() => decoderConfig({ ...mixtral, ...change })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CHECKPOINT',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('is not trained from scratch', () => {
    expect(() => pretrainable(mixtral, { seed: 1 })).toThrow(
      /model_type mixtral is a mixture of experts, whose experts and router stay frozen here/,
    );
  });
});
