/**
 * Each family's fused projections against transformers, whose modeling code `fused-layouts.py` asked; and
 * against rows that are laid down one by one, as other code takes them apart.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify } from '../index.js';
import { type FusedPart, fusedParts } from './index.js';
import { layouts } from './layouts.js';

/** Outputs `label head index`, one after the other: `q0.0 q0.1 q1.0 ...`. */
const head = (label: string, number: number, size: number): string[] =>
  Array.from({ length: size }, (_, i) => `${label}${number}.${i}`);
const heads = (label: string, from: number, to: number, size: number): string[] =>
  Array.from({ length: to - from }, (_, i) => head(label, from + i, size)).flat();
const all = (label: string, count: number): string[] => heads(label, 0, count, 2);

/** Heads of two outputs. */
const thirds = [...all('q', 4), ...all('k', 4), ...all('v', 4)];
const grouped = [...all('q', 4), ...all('k', 2), ...all('v', 2)];
const eachHead = [0, 1, 2, 3].flatMap((i) => ['q', 'k', 'v'].flatMap((label) => head(label, i, 2)));
const eachKey = [0, 1].flatMap((i) => [
  ...heads('q', 2 * i, 2 * i + 2, 2),
  ...head('k', i, 2),
  ...head('v', i, 2),
]);
const oneKey = [...all('q', 4), ...head('k', 0, 2), ...head('v', 0, 2)];
const gateUp = [...head('gate', 0, 6), ...head('up', 0, 6)];
const upGate = [...head('up', 0, 6), ...head('gate', 0, 6)];

const four = { num_attention_heads: 4, hidden_size: 8 };
const onTwo = { ...four, num_key_value_heads: 2 };

type Row = readonly [model: string, name: string, outputs: readonly string[], config: object];

const rows: readonly Row[] = [
  ['qwen', 'transformer.h.0.attn.c_attn', thirds, four],
  ['gpt_bigcode', 'transformer.h.0.attn.c_attn', oneKey, { n_head: 4, multi_query: true }],
  ['gpt_bigcode', 'transformer.h.0.attn.c_attn', eachHead, { n_head: 4, multi_query: false }],
  ['gpt_neox', 'gpt_neox.layers.0.attention.query_key_value', eachHead, four],
  ['bloom', 'h.0.self_attention.query_key_value', eachHead, { n_head: 4 }],
  ['persimmon', 'model.layers.0.self_attn.query_key_value', eachHead, four],
  [
    ...(['falcon', 'transformer.h.0.self_attention.query_key_value', eachKey] as const),
    { ...four, num_kv_heads: 2, new_decoder_architecture: true, multi_query: true },
  ],
  ['falcon', 'h.0.self_attention.query_key_value', oneKey, { ...four, multi_query: true }],
  ['falcon', 'h.0.self_attention.query_key_value', eachHead, { ...four, multi_query: false }],
  [
    ...([
      'chatglm',
      'transformer.encoder.layers.0.self_attention.query_key_value',
      grouped,
    ] as const),
    { ...four, multi_query_attention: true, multi_query_group_num: 2, kv_channels: 2 },
  ],
  ['chatglm', 'transformer.layers.0.attention.query_key_value', eachHead, four],
  ['bailing_moe', 'model.layers.0.attention.query_key_value', grouped, onTwo],
  ['phi3', 'model.layers.0.self_attn.qkv_proj', grouped, onTwo],
  ['minimax', 'model.layers.0.self_attn.qkv_proj', eachHead, four],
  ['internlm2', 'model.layers.0.attention.wqkv', eachKey, onTwo],
  ['baichuan', 'model.layers.0.self_attn.W_pack', thirds, four],
  ['mpt', 'transformer.blocks.0.attn.Wqkv', thirds, { n_heads: 4, d_model: 8 }],
  [
    ...(['dbrx', 'transformer.blocks.0.norm_attn_norm.attn.Wqkv', grouped] as const),
    { n_heads: 4, d_model: 8, attn_config: { kv_n_heads: 2 } },
  ],
  ['modernbert', 'layers.0.attn.Wqkv', thirds, four],
  ['nomic_bert', 'encoder.layers.0.attn.Wqkv', thirds, {}],
  [
    'hf_olmo',
    'model.transformer.blocks.0.att_proj',
    grouped,
    { n_heads: 4, d_model: 8, n_kv_heads: 2 },
  ],
  ['hf_olmo', 'model.transformer.blocks.0.att_proj', thirds, { n_heads: 4, d_model: 8 }],
  ['qwen2_vl', 'visual.blocks.0.attn.qkv', thirds, { vision_config: { num_heads: 4 } }],
  ['sam', 'vision_encoder.layers.0.attn.qkv', thirds, {}],
  ['deberta', 'deberta.encoder.layer.0.attention.self.in_proj', eachHead, four],
  [
    ...(['codegen', 'transformer.h.0.attn.qkv_proj'] as const),
    [0, 1, 2, 3].flatMap((i) => ['q', 'v', 'k'].flatMap((label) => head(label, i, 2))),
    { n_head: 4, n_embd: 8 },
  ],
  // Two heads to each of the four groups
  [
    ...(['codegen', 'transformer.h.0.attn.qkv_proj'] as const),
    [0, 2, 4, 6].flatMap((i) => ['q', 'v', 'k'].flatMap((label) => heads(label, i, i + 2, 2))),
    { n_head: 8, n_embd: 16 },
  ],
  [
    ...(['qwen3_next', 'model.layers.0.linear_attn.in_proj_qkvz'] as const),
    [0, 1].flatMap((i) => [
      ...[head('q', i, 3), head('k', i, 3)].flat(),
      ...[heads('v', 2 * i, 2 * i + 2, 2), heads('z', 2 * i, 2 * i + 2, 2)].flat(),
    ]),
    {
      ...{ linear_num_key_heads: 2, linear_num_value_heads: 4 },
      ...{ linear_key_head_dim: 3, linear_value_head_dim: 2 },
    },
  ],
  [
    ...(['qwen3_next', 'model.layers.0.linear_attn.in_proj_ba'] as const),
    [0, 1].flatMap((i) => [...heads('b', 2 * i, 2 * i + 2, 1), ...heads('a', 2 * i, 2 * i + 2, 1)]),
    {
      ...{ linear_num_key_heads: 2, linear_num_value_heads: 4 },
      ...{ linear_key_head_dim: 3, linear_value_head_dim: 2 },
    },
  ],
  [
    ...(['qwen3_5_text', 'model.layers.0.linear_attn.in_proj_qkv'] as const),
    [...heads('q', 0, 2, 3), ...heads('k', 0, 2, 3), ...heads('v', 0, 4, 2)],
    {
      ...{ linear_num_key_heads: 2, linear_num_value_heads: 4 },
      ...{ linear_key_head_dim: 3, linear_value_head_dim: 2 },
    },
  ],
  ['phi3', 'model.layers.0.mlp.gate_up_proj', gateUp, {}],
  ['phi4_multimodal', 'model.layers.0.mlp.gate_up_proj', gateUp, {}],
  ['phi4_multimodal', 'audio_embed.encoder.encoders.0.feed_forward_in.gate_up_proj', upGate, {}],
  ['modernbert', 'layers.0.mlp.Wi', gateUp, {}],
  ['dinov2', 'encoder.layer.0.mlp.weights_in', gateUp, {}],
  ['hf_olmo', 'model.transformer.blocks.0.ff_proj', upGate, {}],
  ['chatglm', 'encoder.layers.0.mlp.dense_h_to_4h', gateUp, { ffn_hidden_size: 6 }],
  [
    ...(['gpt_oss', 'model.layers.0.mlp.gate_up_proj'] as const),
    [0, 1, 2].flatMap((i) => [`gate0.${i}`, `up0.${i}`]),
    {},
  ],
];

describe('fused projections of families', () => {
  it.each(rows)('%s %s', (model_type, module, outputs, more) => {
    const name = `${module}.weight`;
    const config = { model_type, ...more };
    const shape = [outputs.length, 8];
    const weight = { name, shape, dtype: 'F32' as const, ...identify(name, shape, config) };
    const parts = fusedParts({ ...weight, kind: 'projection' }, config);
    const labels = [...new Set(outputs.map((output) => /^\D+/.exec(output)![0]))];
    expect(parts.map(({ label }) => label)).toEqual(labels);
    for (const { label, role, axis, ranges } of parts) {
      const found = ranges.flatMap(([start, end]) => outputs.slice(start, end));
      expect(found).toEqual(
        outputs.filter(
          (output) => output.startsWith(label) && /^\d/.test(output.slice(label.length)),
        ),
      );
      expect([role, axis]).toEqual([`${label}_proj`, 0]);
    }
  });

  const asked: {
    layouts: Array<{
      config: Record<string, unknown>;
      name: string;
      shape: number[];
      parts: Record<string, number[]>;
    }>;
    chunks: Array<{ family: string; module: string; parts: string[] }>;
  } = JSON.parse(
    readFileSync(new URL('../../test-support/fused-layouts.json', import.meta.url), 'utf8'),
  );

  it.each(asked.layouts.map((each) => [each.config['model_type'], each.name, each] as const))(
    'transformers: %s %s',
    (_, name, { config, shape, parts }) => {
      const weight = { name, shape, dtype: 'F32' as const, ...identify(name, shape, config) };
      const found = fusedParts({ ...weight, kind: 'projection' }, config).map(
        ({ label, ranges }) => [
          label,
          ranges.flatMap(([start, end]) =>
            Array.from({ length: end - start }, (_, i) => start + i),
          ),
        ],
      );
      expect(Object.fromEntries(found)).toEqual(parts);
    },
  );

  it.each(asked.chunks)('transformers, as it is stored: $family $module', (each) => {
    const name = `model.layers.0.${each.module}.weight`;
    const shape = [4 * each.parts.length, 8];
    const weight = { name, shape, dtype: 'F32' as const, ...identify(name, shape) };
    const found = fusedParts(weight, { model_type: each.family });
    expect(found.map(({ role }) => role)).toEqual(each.parts);
    expect(found.map(({ ranges }) => ranges)).toEqual(
      each.parts.map((_, i) => [[4 * i, 4 * i + 4]]),
    );
  });

  it('gives each output to one part, or says why not, whatever the configuration claims', () => {
    const families = [...new Set(layouts.flatMap((layout) => layout.families ?? []))];
    const modules = rows.map(([, name]) => name);
    const setting = fc.oneof(
      fc.integer({ min: -1, max: 9 }),
      fc.constantFrom(2 ** 48, 0.5, 'x', true),
    );
    const config = fc.dictionary(
      fc.constantFrom(
        ...[
          'num_attention_heads',
          'num_key_value_heads',
          'num_kv_heads',
          'head_dim',
          'hidden_size',
        ],
        ...['multi_query', 'new_decoder_architecture', 'multi_query_attention', 'attn_config'],
        ...['linear_num_key_heads', 'linear_num_value_heads', 'linear_key_head_dim'],
        ...['linear_value_head_dim', 'ffn_hidden_size', 'vision_config'],
      ),
      setting,
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...modules),
        fc.constantFrom(...families),
        config,
        fc.integer({ min: 1, max: 64 }),
        (module, model_type, more, size) => {
          const name = `${module}.weight`;
          const weight = {
            name,
            shape: [size, 4],
            dtype: 'F32' as const,
            kind: 'projection' as const,
          };
          let parts: FusedPart[];
          try {
            parts = fusedParts(weight, { ...more, model_type });
          } catch (error) {
            expect(error).toMatchObject({
              code: 'UNSUPPORTED_CHECKPOINT',
              details: { tensor: name },
            });
            return;
          }
          if (parts.length === 0) return;
          const outputs = parts.flatMap(({ ranges }) =>
            ranges.flatMap(([start, end]) =>
              Array.from({ length: end - start }, (_, i) => start + i),
            ),
          );
          expect(outputs.toSorted((a, b) => a - b)).toEqual([...Array(size).keys()]);
          for (const { ranges } of parts) expect(ranges.flat().length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('takes queries of Qwen3-Next with gates apart where heads have as many outputs again', () => {
    const name = 'model.layers.3.self_attn.q_proj.weight';
    const parts = (outputs: number, more: object) =>
      fusedParts(
        { name, shape: [outputs, 4], dtype: 'F32', kind: 'projection' },
        { model_type: 'qwen3_next', num_attention_heads: 2, ...more },
      ).map(({ label }) => label);
    expect(parts(16, { head_dim: 4 })).toEqual(['q', 'gate']);
    expect(parts(8, { head_dim: 4 })).toEqual([]);
    expect(parts(16, {})).toEqual([]);
  });

  it('leaves the plain feed-forward parts of the first ChatGLM alone', () => {
    const name = 'transformer.layers.0.mlp.dense_h_to_4h.weight';
    const weight = { name, shape: [16, 4], dtype: 'F32' as const, ...identify(name, [16, 4]) };
    expect(fusedParts(weight, { model_type: 'chatglm', inner_hidden_size: 16 })).toEqual([]);
  });

  it('divides what torch keeps as in_proj_weight, in every family', () => {
    const name = 'transformer.resblocks.0.attn.in_proj_weight';
    const weight = { name, shape: [12, 4], dtype: 'F32' as const, ...identify(name, [12, 4]) };
    expect(fusedParts(weight, {}).map(({ ranges }) => ranges)).toEqual([
      [[0, 4]],
      [[4, 8]],
      [[8, 12]],
    ]);
  });

  it('divides FLUX, as its repository names it, without a configuration', () => {
    const name = 'single_blocks.0.linear1.weight';
    const weight = { name, shape: [28, 4], dtype: 'F32' as const, ...identify(name, [28, 4]) };
    expect(fusedParts(weight, {}, 'flux').map(({ role, ranges }) => [role, ranges])).toEqual([
      ['q_proj', [[0, 4]]],
      ['k_proj', [[4, 8]]],
      ['v_proj', [[8, 12]]],
      ['mlp_proj', [[12, 28]]],
    ]);
  });
});
