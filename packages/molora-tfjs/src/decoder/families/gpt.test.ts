/** Settings of GPT-2 and GPT-NeoX that would need other code. */
import { describe, expect, it } from 'vitest';
import { pretrainable } from '../../training/pretrainable.js';
import { decoderConfig } from './index.js';

const gpt2 = {
  model_type: 'gpt2',
  n_embd: 8,
  n_layer: 2,
  n_head: 2,
  n_positions: 12,
  vocab_size: 5,
};
const neox = {
  ...{ model_type: 'gpt_neox', hidden_size: 32, intermediate_size: 48, vocab_size: 5 },
  ...{ num_hidden_layers: 2, num_attention_heads: 2, max_position_embeddings: 12 },
};

describe('decoderConfig', () => {
  it.each([
    [
      gpt2,
      { scale_attn_by_inverse_layer_idx: true },
      'UNSUPPORTED_CHECKPOINT',
      /inverse_layer_idx/,
    ],
    [gpt2, { add_cross_attention: true }, 'UNSUPPORTED_CHECKPOINT', /add_cross_attention/],
    [gpt2, { activation_function: 'relu' }, 'UNSUPPORTED_CHECKPOINT', /relu/],
    [gpt2, { n_head: 3 }, 'INVALID_CHECKPOINT', /multiple of its 3 heads/],
    [gpt2, { n_embd: undefined }, 'INVALID_CHECKPOINT', /n_embd is missing/],
    [gpt2, { n_layer: 1e9 }, 'INVALID_CHECKPOINT', /n_layer/],
    [neox, { rope_scaling: { type: 'linear', factor: 2 } }, 'UNSUPPORTED_CHECKPOINT', /linear/],
    [neox, { rope_parameters: { rope_type: 'yarn' } }, 'UNSUPPORTED_CHECKPOINT', /yarn/],
    [neox, { rotary_pct: 0.2 }, 'INVALID_CHECKPOINT', /3 components are rotated/],
    [neox, { rotary_pct: 1.5 }, 'INVALID_CHECKPOINT', /rotary_pct/],
    [neox, { num_attention_heads: 5 }, 'INVALID_CHECKPOINT', /5 heads/],
  ])('refuses %j with %j', (config, change, code, message) => {
    expect(() => decoderConfig({ ...config, ...change })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('knows the defaults of transformers', () => {
    expect(decoderConfig(gpt2)).toMatchObject({
      ...{ intermediateSize: 32, tiedEmbeddings: true, attention: { scale: 0.5 } },
      blocks: [{ feedForward: { kind: 'plain', activation: 'gelu-tanh' } }, {}],
    });
    expect(decoderConfig(neox)).toMatchObject({
      ...{ tiedEmbeddings: false, norm: { epsilon: 1e-5 } },
      blocks: [{ parallel: true, rope: { theta: 10_000, size: 4 } }, {}],
    });
  });
});

describe('pretrainable', () => {
  it.each([gpt2, neox])('refuses what has norms that do not learn: %j', (config) => {
    expect(() => pretrainable(config, { seed: 1 })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringContaining(`${config.model_type} cannot be trained from scratch`),
      }),
    );
  });
});
