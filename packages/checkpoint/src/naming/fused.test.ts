import type { WeightDescription } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { type FusedPart, fusedParts } from './fused.js';
import { identify } from './index.js';

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
    const config = { num_attention_heads: 4, num_key_value_heads: 2, hidden_size: 8 };
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
    expect(rows(fusedParts(dense))).toEqual([
      ['gate', 0, [[0, 3]]],
      ['up', 0, [[3, 6]]],
    ]);
    const name = 'model.layers.0.mlp.experts.gate_up_proj';
    expect(rows(fusedParts(describeWeight(name, [2, 8, 6])))).toEqual([
      ['gate', 2, [[0, 3]]],
      ['up', 2, [[3, 6]]],
    ]);
    const linear = describeWeight(name, [2, 6, 8], { hidden_size: 8 });
    expect(rows(fusedParts(linear))[1]).toEqual(['up', 1, [[3, 6]]]);
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
    expect(rows(fusedParts(weight, { num_attention_heads: 2 }))).toEqual([
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
    ['no config', {}, /num_attention_heads/],
    ['heads of the wrong type', { num_attention_heads: '4' }, /num_attention_heads/],
    [
      'no key-value heads, which then are as many',
      { num_attention_heads: 4 },
      /16 outputs are not/,
    ],
    ['another head size', { num_attention_heads: 4, num_key_value_heads: 2, head_dim: 3 }, /of 3/],
  ])('does not guess with %s', (_, config, message) => {
    expect(() => fusedParts(qkv, config)).toThrow(message);
    expect(() => fusedParts(qkv, config)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_CHECKPOINT',
        details: { tensor: qkv.name },
        message: expect.stringMatching(/qkv_proj\.weight: .*without splitting/),
      }),
    );
  });

  it('does not guess at unknown families and odd sizes', () => {
    const name = 'encoder.layers.0.self_attention.query_key_value.weight';
    const weight = describeWeight(name, [12, 4]);
    const config = { num_attention_heads: 2 };
    expect(() => fusedParts(weight, config)).toThrow(/no model_type/);
    expect(() => fusedParts(weight, { ...config, model_type: 'x' })).toThrow(/"x" is not known/);
    const odd = describeWeight('model.layers.0.mlp.gate_up_proj.weight', [5, 4]);
    expect(() => fusedParts(odd)).toThrow(/5 outputs do not divide into 2/);
  });

  it('leaves alone what is not fused', () => {
    for (const [name, shape] of [
      ['model.layers.0.self_attn.q_proj.weight', [4, 4]],
      ['encoder.layer.0.attention.self.query.weight', [4, 4]],
      ['h.0.attn.c_attn.bias', [12]],
      ['model.layers.0.mlp.experts.gate_up_proj_bias', [2, 6]],
    ] as const) {
      expect(fusedParts(describeWeight(name, [...shape]))).toEqual([]);
    }
  });
});
