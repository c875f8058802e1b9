import { describe, expect, it } from 'vitest';
import { ropeFrequencies } from '../ops/rope.js';
import { decoderConfig } from './families/index.js';

const llama = {
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128256,
  max_position_embeddings: 131072,
};

describe('decoderConfig', () => {
  it('reads the file of Llama 3.2 1B as it is published', () => {
    const { blocks, ...config } = decoderConfig({
      ...llama,
      architectures: ['LlamaForCausalLM'],
      attention_bias: false,
      attention_dropout: 0.0,
      bos_token_id: 128000,
      eos_token_id: [128001, 128008, 128009],
      head_dim: 64,
      hidden_act: 'silu',
      initializer_range: 0.02,
      mlp_bias: false,
      pretraining_tp: 1,
      rms_norm_eps: 1e-5,
      rope_scaling: {
        factor: 32.0,
        high_freq_factor: 4.0,
        low_freq_factor: 1.0,
        original_max_position_embeddings: 8192,
        rope_type: 'llama3',
      },
      rope_theta: 500000.0,
      tie_word_embeddings: true,
      torch_dtype: 'bfloat16',
    });
    const rope = {
      theta: 500000,
      scaling: {
        type: 'llama3',
        factor: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalPositions: 8192,
      },
    };
    const projection = (role: string, inputs: number, outputs: number, part: string) => {
      const within = ['gate_proj', 'up_proj', 'down_proj'].includes(role) ? 'mlp' : 'self_attn';
      const name = `model.layers.15.${within}.${role}`;
      return { name, role, inputs, outputs, bias: false, parts: [part] };
    };
    expect(blocks).toHaveLength(16);
    expect(blocks[15]).toEqual({
      name: 'model.layers.15',
      norms: {
        beforeAttention: { name: 'model.layers.15.input_layernorm', size: 2048 },
        beforeFeedForward: { name: 'model.layers.15.post_attention_layernorm', size: 2048 },
      },
      projections: [
        projection('q_proj', 2048, 2048, 'query'),
        projection('k_proj', 2048, 512, 'key'),
        projection('v_proj', 2048, 512, 'value'),
        projection('o_proj', 2048, 2048, 'attention'),
        projection('gate_proj', 2048, 8192, 'gate'),
        projection('up_proj', 2048, 8192, 'up'),
        projection('down_proj', 8192, 2048, 'down'),
      ],
      feedForward: { kind: 'gated', activation: 'silu' },
      rope,
    });
    expect(config).toEqual({
      modelType: 'llama',
      hiddenSize: 2048,
      intermediateSize: 8192,
      heads: 32,
      keyValueHeads: 8,
      headSize: 64,
      vocabularySize: 128256,
      maxPositions: 131072,
      norm: { kind: 'rms', epsilon: 1e-5, offset: 0 },
      embeddingScale: 1,
      attention: { scale: 1 / 8 },
      names: { embeddings: 'model.embed_tokens', norm: 'model.norm', output: 'lm_head' },
      tiedEmbeddings: true,
      beginToken: 128000,
      endTokens: [128001, 128008, 128009],
    });
  });

  it('fills in what transformers leaves out of the file', () => {
    const plain = decoderConfig(llama);
    expect(plain).toMatchObject({ norm: { epsilon: 1e-6 }, headSize: 64 });
    expect(plain).toMatchObject({ tiedEmbeddings: false, endTokens: [] });
    expect(plain.blocks[0]).toMatchObject({
      rope: { theta: 10000 },
      feedForward: { activation: 'silu' },
    });
    const { num_key_value_heads: _, ...without } = llama;
    expect(decoderConfig(without).keyValueHeads).toBe(32);
    const windows = (json: object) => decoderConfig(json).blocks.map(({ window }) => window);
    expect(windows({ ...llama, model_type: 'mistral' })).toEqual(new Array(16).fill(4096));
    const none = new Array(16).fill(undefined);
    expect(windows({ ...llama, model_type: 'mistral', sliding_window: null })).toEqual(none);
    const qwen = { ...llama, model_type: 'qwen2', sliding_window: 32768, max_window_layers: 12 };
    expect(windows(qwen)).toEqual(none);
    expect(windows({ ...qwen, use_sliding_window: true })).toEqual(none.fill(32768, 12));
    expect(decoderConfig({ ...llama, model_type: 'gemma' })).toMatchObject({
      headSize: 256,
      tiedEmbeddings: true,
      norm: { offset: 1 },
      blocks: [{ feedForward: { activation: 'gelu-tanh' } }, ...new Array(15).fill({})],
    });
  });

  it.each<[json: unknown, code: string, message: RegExp]>([
    [
      { ...llama, model_type: 'bloom' },
      'UNSUPPORTED_CHECKPOINT',
      /model_type bloom.*llama, mistral/,
    ],
    [{ ...llama, model_type: 'gemma3' }, 'UNSUPPORTED_CHECKPOINT', /pictures.*Gemma3ForCausalLM/],
    [
      { ...llama, model_type: 'gemma3_text', attn_logit_softcapping: 50 },
      ...(['UNSUPPORTED_CHECKPOINT', /attn_logit_softcapping/] as const),
    ],
    [
      { ...llama, model_type: 'gemma2', use_bidirectional_attention: true },
      ...(['UNSUPPORTED_CHECKPOINT', /use_bidirectional_attention/] as const),
    ],
    [
      { ...llama, model_type: 'smollm3', no_rope_layers: [1, 0] },
      ...(['INVALID_CHECKPOINT', /no_rope_layers has 2 entries, for 16/] as const),
    ],
    [
      { ...llama, model_type: 'gemma2', layer_types: ['full_attention'] },
      ...(['INVALID_CHECKPOINT', /layer_types has 1 entries, for 16/] as const),
    ],
    [
      { ...llama, model_type: 'qwen3', layer_types: ['linear_attention'] },
      ...(['INVALID_CHECKPOINT', /layer_types/] as const),
    ],
    [
      { ...llama, model_type: 'phi3', rope_scaling: { type: 'su', short_factor: [1, 2] } },
      ...([
        'INVALID_CHECKPOINT',
        /short_factor of the positions has 2 numbers, and 32 pairs/,
      ] as const),
    ],
    [{ ...llama, hidden_act: 'relu' }, 'UNSUPPORTED_CHECKPOINT', /activation relu/],
    [
      { ...llama, rope_scaling: { rope_type: 'yarn', factor: 4 } },
      'UNSUPPORTED_CHECKPOINT',
      /yarn/,
    ],
    [{ ...llama, rope_scaling: { type: 'linear' } }, 'INVALID_CHECKPOINT', /lacks factor/],
    [{ ...llama, hidden_size: undefined }, 'INVALID_CHECKPOINT', /hidden_size/],
    [{ ...llama, num_hidden_layers: -1 }, 'INVALID_CHECKPOINT', /num_hidden_layers/],
    [{ ...llama, vocab_size: '32000' }, 'INVALID_CHECKPOINT', /vocab_size/],
    [{ ...llama, num_key_value_heads: 5 }, 'INVALID_CHECKPOINT', /32 heads.*5 for keys/],
    [{ ...llama, head_dim: 7 }, 'INVALID_CHECKPOINT', /size 7/],
    [null, 'INVALID_CHECKPOINT', /config.json/],
    [[], 'INVALID_CHECKPOINT', /config.json/],
  ])('refuses %j', (json, code, message) => {
    expect(() => decoderConfig(json)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('ropeFrequencies', () => {
  it('keeps the fast, stretches the slow and blends between', () => {
    const { blocks, headSize } = decoderConfig({
      ...llama,
      rope_theta: 500000,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
    });
    const plain = Array.from({ length: 32 }, (_, i) => 500000 ** (-i / 32));
    const scaled = ropeFrequencies(blocks[0]!.rope!, headSize, 1);
    // Wavelengths below 2048 are kept, above 8192 stretched: pairs 0 to 14, and from 18 on.
    expect(Array.from(scaled.slice(0, 15))).toEqual(plain.slice(0, 15));
    for (let i = 18; i < 32; i++) expect(scaled[i]! / (plain[i]! / 32)).toBeCloseTo(1, 12);
    for (let i = 15; i < 18; i++) {
      expect(scaled[i]).toBeLessThan(plain[i]!);
      expect(scaled[i]).toBeGreaterThan(plain[i]! / 32);
    }
  });
});
