/** What is made of the configurations of mixtures, and which are refused. */
import { describe, expect, it } from 'vitest';
import { pretrainable } from '../../training/pretrainable.js';
import { decoderConfig } from '../config.js';

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
    // 46.7 billion with embeddings, output layer and norms.
    const weights = blocks.flatMap((block) => block.projections);
    const count = weights.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
    expect(count + 32 * 8 * 4096 + 2 * 32000 * 4096 + 65 * 4096).toBe(46_702_792_704);
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
