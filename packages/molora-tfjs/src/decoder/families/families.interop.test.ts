/** Each family as transformers computes it: logits, continuations and gradients of tiny random models. */
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks } from '@alphalora/testing/python';
import { beforeAll, describe, it } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { checkGradients, checkLogits } from '../../test-support/check-tiny-model.js';
import {
  makeTinyModels,
  type TinyModelCase,
  type TinyModels,
} from '../../test-support/tiny-models.js';

const sizes = {
  vocab_size: 61,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  pad_token_id: 0,
  bos_token_id: 1,
  eos_token_id: 2,
};
const short = [1, 1.1, 1.3, 1.7];
const long = [1, 2, 5, 9];

// Prompts have 24 tokens, and continue for 10.
const cases: TinyModelCase[] = [
  {
    name: 'qwen3',
    config: { model_type: 'qwen3', ...sizes, head_dim: 12, tie_word_embeddings: true },
    gguf: { arch: 'qwen3' },
  },
  {
    name: 'qwen3-window',
    config: {
      ...{ model_type: 'qwen3', ...sizes, attention_bias: true },
      ...{ use_sliding_window: true, sliding_window: 5, max_window_layers: 2 },
    },
  },
  {
    name: 'olmo2',
    config: { model_type: 'olmo2', ...sizes, rope_theta: 500_000 },
    gguf: { arch: 'olmo2', floats: { 'rope.freq_base': 500_000 } },
  },
  {
    name: 'smollm3',
    config: { model_type: 'smollm3', ...sizes },
    gguf: { arch: 'smollm3', interleaved: true, floats: { 'rope.freq_base': 2_000_000 } },
  },
  {
    name: 'smollm3-listed',
    config: {
      ...{ model_type: 'smollm3', ...sizes, mlp_bias: true, tie_word_embeddings: false },
      ...{ no_rope_layers: [0, 1, 0, 1], use_sliding_window: true, sliding_window: 6 },
    },
  },
  {
    name: 'phi3',
    config: { model_type: 'phi3', ...sizes, sliding_window: 7 },
    gguf: { arch: 'phi3', integers: { 'attention.sliding_window': 7, 'rope.dimension_count': 8 } },
  },
  {
    // The first prompt is longer than the pretraining, the second becomes so while it goes on.
    name: 'phi3-long',
    alone: true,
    config: {
      ...{ model_type: 'phi3', ...sizes, original_max_position_embeddings: 12 },
      rope_scaling: { type: 'longrope', short_factor: short, long_factor: long },
    },
    gguf: {
      arch: 'phi3',
      integers: {
        ...{ 'attention.sliding_window': 0, 'rope.dimension_count': 8 },
        ...{ 'rope.scaling.original_context_length': 12 },
      },
      tensors: { 'rope_factors_short.weight': short, 'rope_factors_long.weight': long },
    },
  },
  {
    name: 'phi3-partial',
    alone: true,
    config: {
      ...{ model_type: 'phi3', ...sizes, hidden_size: 64, original_max_position_embeddings: 12 },
      rope_parameters: {
        ...{ rope_type: 'longrope', rope_theta: 10_000, partial_rotary_factor: 0.5 },
        ...{ short_factor: short, long_factor: long },
      },
    },
  },
  {
    name: 'gemma2',
    config: {
      ...{ model_type: 'gemma2', ...sizes, head_dim: 16, query_pre_attn_scalar: 24 },
      ...{ sliding_window: 5, attn_logit_softcapping: 1.5, final_logit_softcapping: 2.5 },
    },
    gguf: {
      ...{ arch: 'gemma2', gainsFromOne: true },
      integers: { 'attention.sliding_window': 5 },
      floats: {
        'attention.scale': 24 ** -0.5,
        ...{ attn_logit_softcapping: 1.5, final_logit_softcapping: 2.5 },
      },
    },
  },
  {
    name: 'gemma3',
    config: {
      ...{ model_type: 'gemma3_text', ...sizes, num_hidden_layers: 6, head_dim: 16 },
      ...{ sliding_window: 5, query_pre_attn_scalar: 16, rope_theta: 100_000 },
      rope_scaling: { rope_type: 'linear', factor: 8 },
    },
    gguf: {
      ...{ arch: 'gemma3', gainsFromOne: true, texts: { 'rope.scaling.type': 'linear' } },
      integers: { 'attention.sliding_window': 5 },
      floats: { 'rope.freq_base': 100_000, 'rope.scaling.factor': 8 },
    },
  },
];

beforeAll(() => useBackend('wasm'));

describeUnless(pythonLacks('torch', 'transformers', 'gguf', 'numpy'), 'families', () => {
  let models: TinyModels;
  beforeAll(() => {
    models = makeTinyModels(cases);
  }, 120_000);

  describe.each(cases)('$name', ({ name, alone }) => {
    it('gives the logits and texts of transformers', async () => {
      const checkpoint = await openCheckpoint(models.folder(name));
      await checkLogits(checkpoint, models.result(name), alone).finally(() => checkpoint.close());
    });

    it('gives the gradients of torch', async () => {
      const checkpoint = await openCheckpoint(models.folder(name));
      await checkGradients(checkpoint, models.result(name)).finally(() => checkpoint.close());
    });
  });

  it.each(cases.filter(({ gguf }) => gguf))(
    '$name is the same in a GGUF file',
    async ({ name, alone }) => {
      const checkpoint = await openCheckpoint(models.gguf(name));
      const result = models.result(name);
      await checkLogits(checkpoint, result, alone);
      await checkGradients(checkpoint, result).finally(() => checkpoint.close());
    },
  );
});
