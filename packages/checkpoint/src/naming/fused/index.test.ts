import type { WeightDescription } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { identify, type ModelConfig } from '../index.js';
import { type FusedPart, fusedParts } from './index.js';

function describeWeight(name: string, shape: number[], config = {}): WeightDescription {
  return { name, shape, dtype: 'F32', ...identify(name, shape, config) };
}

const rows = (parts: FusedPart[]) => parts.map(({ label, axis, ranges }) => [label, axis, ranges]);

describe('fusedParts', () => {
  it('divides the columns of GPT-2', () => {
    expect(fusedParts(describeWeight('h.0.attn.c_attn.weight', [4, 12]))).toEqual([
      { label: 'q', role: 'q_proj', axis: 1, ranges: [[0, 4]] },
      { label: 'k', role: 'k_proj', axis: 1, ranges: [[4, 8]] },
      { label: 'v', role: 'v_proj', axis: 1, ranges: [[8, 12]] },
    ]);
  });

  const qkv = describeWeight('model.layers.0.self_attn.qkv_proj.weight', [16, 8]);

  it('divides the rows of Phi-3 by its heads', () => {
    const config = {
      ...{ model_type: 'phi3', num_attention_heads: 4, num_key_value_heads: 2 },
      hidden_size: 8,
    };
    const expected = [
      ['q', 0, [[0, 8]]],
      ['k', 0, [[8, 12]]],
      ['v', 0, [[12, 16]]],
    ];
    expect(rows(fusedParts(qkv, config))).toEqual(expected);
    expect(rows(fusedParts(qkv, { text_config: config }))).toEqual(expected);
    const wide = { ...qkv, shape: [32, 8] };
    expect(rows(fusedParts(wide, { ...config, head_dim: 4 }))[0]).toEqual(['q', 0, [[0, 16]]]);
  });

  it('halves gate_up_proj along its outputs, in turns for gpt-oss', () => {
    const dense = describeWeight('model.layers.0.mlp.gate_up_proj.weight', [6, 4]);
    expect(rows(fusedParts(dense, { model_type: 'phi3' }))).toEqual([
      ['gate', 0, [[0, 3]]],
      ['up', 0, [[3, 6]]],
    ]);
    const name = 'model.layers.0.mlp.experts.gate_up_proj';
    expect(rows(fusedParts(describeWeight(name, [2, 8, 6]), { model_type: 'llama4' }))).toEqual([
      ['gate', 2, [[0, 3]]],
      ['up', 2, [[3, 6]]],
    ]);
    const linear = describeWeight(name, [2, 6, 8], { hidden_size: 8 });
    expect(rows(fusedParts(linear, { model_type: 'qwen3_5_moe' }))[1]).toEqual(['up', 1, [[3, 6]]]);
    expect(rows(fusedParts(describeWeight(name, [2, 8, 4]), { model_type: 'gpt_oss' }))).toEqual([
      [
        'gate',
        2,
        [
          [0, 1],
          [2, 3],
        ],
      ],
      [
        'up',
        2,
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]);
  });

  it('gathers the heads of GPT-NeoX', () => {
    const weight = describeWeight('gpt_neox.layers.0.attention.query_key_value.weight', [12, 4]);
    expect(rows(fusedParts(weight, { model_type: 'gpt_neox', num_attention_heads: 2 }))).toEqual([
      [
        'q',
        0,
        [
          [0, 2],
          [6, 8],
        ],
      ],
      [
        'k',
        0,
        [
          [2, 4],
          [8, 10],
        ],
      ],
      [
        'v',
        0,
        [
          [4, 6],
          [10, 12],
        ],
      ],
    ]);
  });

  it('tells the families apart that call it query_key_value', () => {
    const name = 'transformer.h.0.self_attention.query_key_value.weight';
    const weight = describeWeight(name, [16, 8]);
    const groups = { model_type: 'falcon', new_decoder_architecture: true, num_kv_heads: 2 };
    expect(rows(fusedParts(weight, { ...groups, num_attention_heads: 4 }))).toEqual([
      [
        'q',
        0,
        [
          [0, 4],
          [8, 12],
        ],
      ],
      [
        'k',
        0,
        [
          [4, 6],
          [12, 14],
        ],
      ],
      [
        'v',
        0,
        [
          [6, 8],
          [14, 16],
        ],
      ],
    ]);
    const single = { model_type: 'falcon', multi_query: true, num_attention_heads: 6 };
    expect(rows(fusedParts(weight, single))[1]).toEqual(['k', 0, [[12, 14]]]);
    const bloom = { model_type: 'bloom', n_head: 2 };
    const even = describeWeight(name, [12, 4]);
    expect(rows(fusedParts(even, bloom))[1]).toEqual([
      'k',
      0,
      [
        [2, 4],
        [8, 10],
      ],
    ]);
  });

  it.each([
    ['no heads', {}, /num_attention_heads/],
    ['heads of the wrong type', { num_attention_heads: '4' }, /num_attention_heads/],
    [
      'no key-value heads, which then are as many',
      { num_attention_heads: 4 },
      /16 outputs are not/,
    ],
    ['another head size', { num_attention_heads: 4, num_key_value_heads: 2, head_dim: 3 }, /of 3/],
  ])('does not guess with %s', (_, config, message) => {
    const phi3 = { model_type: 'phi3', ...config };
    expect(() => fusedParts(qkv, phi3)).toThrow(message);
    expect(() => fusedParts(qkv, phi3)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        details: { tensor: qkv.name, reason: expect.stringMatching(message) },
        message: expect.stringMatching(/qkv_proj\.weight: .*without splitting/),
      }),
    );
  });

  it('does not guess at odd sizes', () => {
    const odd = describeWeight('model.layers.0.mlp.gate_up_proj.weight', [5, 4]);
    expect(() => fusedParts(odd, { model_type: 'phi3' })).toThrow(/5 outputs do not divide into 2/);
    const four = describeWeight('transformer.h.0.attn.qkv_proj.weight', [18, 6]);
    expect(() => fusedParts(four, { model_type: 'codegen', n_head: 2 })).toThrow(
      /18 outputs do not divide into four groups of 3 equal parts/,
    );
    const linear = describeWeight('model.layers.0.linear_attn.in_proj_ba.weight', [8, 6]);
    const heads = { linear_num_key_heads: 3, linear_num_value_heads: 6 };
    const sizes = { linear_key_head_dim: 2, linear_value_head_dim: 2 };
    const config = { model_type: 'qwen3_next', ...heads, ...sizes };
    expect(() => fusedParts(linear, config)).toThrow(/8 outputs are not 3 × \(2 \+ 2\)/);
    expect(() => fusedParts(linear, { ...config, linear_num_key_heads: 0 })).toThrow(
      /config.json does not give linear_num_key_heads/,
    );
  });

  it.each([
    ['model.layers.0.self_attn.qkv_proj.weight', [12, 4]],
    ['encoder.layers.0.self_attention.query_key_value.weight', [12, 4]],
    ['model.layers.0.attention.wqkv.weight', [12, 4]],
    ['model.layers.0.self_attn.W_pack.weight', [12, 4]],
    ['model.layers.0.attn.Wqkv.weight', [12, 4]],
    ['model.layers.0.mlp.Wi.weight', [12, 4]],
    ['model.transformer.blocks.0.att_proj.weight', [12, 4]],
    ['model.transformer.blocks.0.ff_proj.weight', [12, 4]],
    ['blocks.0.attn.qkv.weight', [12, 4]],
    ['blocks.0.mlp.w12.weight', [12, 4]],
    ['transformer.h.0.attn.c_attn.weight', [12, 4]],
    ['model.layers.0.mlp.gate_up_proj.weight', [12, 4]],
    ['model.layers.0.mlp.experts.gate_up_proj', [2, 4, 12]],
    ['model.layers.0.linear_attn.in_proj_qkvz.weight', [12, 4]],
    ['model.layers.0.linear_attn.in_proj_ba.weight', [12, 4]],
    ['model.layers.0.attn.to_qkv.weight', [12, 4]],
    ['model.layers.0.attention.self.in_proj.weight', [12, 4]],
    ['model.layers.0.mlp.dense_h_to_4h.weight', [32, 4]],
  ])('refuses %s of a family that it does not know', (name, shape) => {
    const weight = describeWeight(name, shape);
    const config = { num_attention_heads: 2, ffn_hidden_size: 16 };
    expect(() => fusedParts(weight, { ...config, model_type: 'x' })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        message: expect.stringMatching(
          /: cannot be split: the layout of \w+ in model_type "x" is not known; .*without splitting/,
        ),
      }),
    );
    if (/gate_up/.test(name)) return;
    expect(() => fusedParts(weight, config)).toThrow(/gives no model_type/);
  });

  it('halves gate_up_proj where nothing tells the family: gpt-oss, which differs, is told by its names', () => {
    const weight = describeWeight('model.layers.0.mlp.gate_up_proj.weight', [6, 4]);
    expect(fusedParts(weight).map(({ ranges }) => ranges)).toEqual([[[0, 3]], [[3, 6]]]);
    expect(fusedParts(weight, {}, 'gpt_oss')[0]!.ranges).toHaveLength(3);
  });

  it('takes the family from the names of the weights where the config is silent', () => {
    const weight = describeWeight('transformer.h.0.attn.qkv_proj.weight', [12, 4]);
    const labels = (config: ModelConfig) =>
      fusedParts(weight, config, 'codegen').map(({ label }) => label);
    expect(labels({ n_head: 4 })).toEqual(['q', 'v', 'k']);
    expect(() => labels({ model_type: 'x', n_head: 4 })).toThrow(/"x" is not known/);
  });

  it('leaves alone what is not fused', () => {
    for (const [name, shape] of [
      ['model.layers.0.self_attn.q_proj.weight', [4, 4]],
      ['encoder.layer.0.attention.self.query.weight', [4, 4]],
      ['h.0.attn.c_attn.bias', [12]],
      ['model.layers.0.mlp.experts.gate_up_proj_bias', [2, 6]],
      ['gpt_neox.layers.0.mlp.dense_h_to_4h.weight', [16, 4]],
      ['model.layers.0.mamba.in_proj.weight', [16, 4]],
      ['model.layers.0.self_attn.kv_a_proj_with_mqa.weight', [16, 4]],
    ] as const) {
      expect(fusedParts(describeWeight(name, [...shape]))).toEqual([]);
    }
  });
});
