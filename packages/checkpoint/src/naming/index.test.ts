import { describe, expect, it } from 'vitest';
import { identify, type ModelConfig, type TensorIdentity } from './index.js';

type Row = readonly [name: string, shape: number[], expected: TensorIdentity];

const projection = (block: number, role: string, rest: object = {}): TensorIdentity => ({
  block,
  role,
  kind: 'projection',
  ...rest,
});
const conv1d = { inputFirst: true };
const stacked = { inputFirst: true, stacked: true };

const llama: Row[] = [
  ['model.embed_tokens.weight', [32000, 64], { kind: 'embedding' }],
  ['model.layers.11.self_attn.q_proj.weight', [64, 64], projection(11, 'q_proj')],
  ['model.layers.0.self_attn.q_proj.bias', [64], { block: 0, role: 'q_proj', kind: 'bias' }],
  ['model.layers.0.mlp.down_proj.weight', [64, 172], projection(0, 'down_proj')],
  [
    'model.layers.0.input_layernorm.weight',
    [64],
    { block: 0, role: 'input_layernorm', kind: 'norm' },
  ],
  ['model.layers.0.self_attn.rotary_emb.inv_freq', [8], { ...at('inv_freq'), kind: 'other' }],
  ['model.norm.weight', [64], { kind: 'norm' }],
  ['lm_head.weight', [32000, 64], { kind: 'head' }],
  // Gemma 2 and 3, Qwen 3
  [
    'model.layers.2.pre_feedforward_layernorm.weight',
    [64],
    { ...at('pre_feedforward_layernorm', 2), kind: 'norm' },
  ],
  ['model.layers.0.self_attn.k_norm.weight', [16], { ...at('k_norm'), kind: 'norm' }],
  // OPT
  ['model.decoder.layers.1.fc1.weight', [256, 64], projection(1, 'fc1')],
  ['model.decoder.embed_positions.weight', [2050, 64], { kind: 'embedding' }],
  // Classification on a decoder
  ['score.weight', [2, 64], { kind: 'head' }],
];

const phi: Row[] = [
  ['model.layers.3.self_attn.dense.weight', [64, 64], projection(3, 'dense')],
  ['model.layers.3.mlp.fc2.weight', [64, 256], projection(3, 'fc2')],
  ['model.layers.3.self_attn.qkv_proj.weight', [192, 64], projection(3, 'qkv_proj')],
  ['model.layers.3.mlp.gate_up_proj.weight', [512, 64], projection(3, 'gate_up_proj')],
];

const gpt2: Row[] = [
  ['transformer.h.5.attn.c_attn.weight', [64, 192], projection(5, 'c_attn', conv1d)],
  ['h.5.attn.c_attn.weight', [64, 192], projection(5, 'c_attn', conv1d)],
  ['h.5.attn.c_proj.weight', [64, 64], projection(5, 'attn.c_proj', conv1d)],
  ['h.5.mlp.c_fc.weight', [64, 256], projection(5, 'c_fc', conv1d)],
  ['h.5.mlp.c_proj.weight', [256, 64], projection(5, 'mlp.c_proj', conv1d)],
  ['h.5.attn.c_attn.bias', [192], { ...at('c_attn', 5), kind: 'bias' }],
  // The causal mask
  ['h.5.attn.bias', [1, 1, 32, 32], { ...at('attn', 5), kind: 'other' }],
  ['h.5.attn.masked_bias', [], { ...at('masked_bias', 5), kind: 'other' }],
  ['h.5.ln_1.weight', [64], { ...at('ln_1', 5), kind: 'norm' }],
  ['ln_f.weight', [64], { kind: 'norm' }],
  ['wte.weight', [1000, 64], { kind: 'embedding' }],
  ['wpe.weight', [32, 64], { kind: 'embedding' }],
];

const gptNeo: Row[] = [
  ['transformer.h.0.attn.attention.q_proj.weight', [64, 64], projection(0, 'q_proj')],
  ['transformer.h.0.attn.attention.out_proj.weight', [64, 64], projection(0, 'out_proj')],
  ['transformer.h.0.mlp.c_fc.weight', [256, 64], projection(0, 'c_fc')],
  ['transformer.h.0.mlp.c_proj.weight', [64, 256], projection(0, 'c_proj')],
  ['transformer.h.0.attn.attention.bias', [1, 1, 32, 32], { ...at('attention'), kind: 'other' }],
];

const gptNeoX: Row[] = [
  ['gpt_neox.embed_in.weight', [1000, 64], { kind: 'embedding' }],
  [
    'gpt_neox.layers.1.attention.query_key_value.weight',
    [192, 64],
    projection(1, 'query_key_value'),
  ],
  ['gpt_neox.layers.1.attention.dense.weight', [64, 64], projection(1, 'attention.dense')],
  ['gpt_neox.layers.1.mlp.dense_h_to_4h.weight', [256, 64], projection(1, 'dense_h_to_4h')],
  ['gpt_neox.layers.1.mlp.dense_4h_to_h.weight', [64, 256], projection(1, 'dense_4h_to_h')],
  ['gpt_neox.layers.1.attention.rotary_emb.inv_freq', [8], { ...at('inv_freq', 1), kind: 'other' }],
  ['embed_out.weight', [1000, 64], { kind: 'head' }],
];

const bert: Row[] = [
  ['embeddings.word_embeddings.weight', [1000, 64], { kind: 'embedding' }],
  ['bert.embeddings.position_embeddings.weight', [32, 64], { kind: 'embedding' }],
  ['bert.embeddings.LayerNorm.gamma', [64], { kind: 'norm' }],
  ['bert.embeddings.LayerNorm.beta', [64], { kind: 'bias' }],
  ['bert.embeddings.position_ids', [1, 32], { kind: 'other' }],
  ['encoder.layer.3.attention.self.query.weight', [64, 64], projection(3, 'query')],
  ['roberta.encoder.layer.3.attention.self.key.weight', [64, 64], projection(3, 'key')],
  [
    'bert.encoder.layer.3.attention.output.dense.weight',
    [64, 64],
    projection(3, 'attention.output.dense'),
  ],
  [
    'bert.encoder.layer.3.intermediate.dense.weight',
    [256, 64],
    projection(3, 'intermediate.dense'),
  ],
  ['bert.encoder.layer.3.output.dense.weight', [64, 256], projection(3, 'output.dense')],
  [
    'bert.encoder.layer.3.crossattention.self.query.weight',
    [64, 64],
    projection(3, 'crossattention.query'),
  ],
  ['distilbert.transformer.layer.2.attention.q_lin.weight', [64, 64], projection(2, 'q_lin')],
  [
    'distilbert.transformer.layer.2.sa_layer_norm.weight',
    [64],
    { ...at('sa_layer_norm', 2), kind: 'norm' },
  ],
  ['bert.pooler.dense.weight', [64, 64], { kind: 'other' }],
  ['cls.predictions.decoder.weight', [1000, 64], { kind: 'head' }],
  ['cls.predictions.bias', [1000], { kind: 'bias' }],
  ['classifier.weight', [2, 64], { kind: 'head' }],
];

const t5: Row[] = [
  ['shared.weight', [1000, 64], { kind: 'embedding' }],
  ['encoder.block.0.layer.0.SelfAttention.q.weight', [64, 64], projection(0, 'encoder.q')],
  ['decoder.block.0.layer.0.SelfAttention.q.weight', [64, 64], projection(0, 'q')],
  [
    'decoder.block.0.layer.1.EncDecAttention.q.weight',
    [64, 64],
    projection(0, 'EncDecAttention.q'),
  ],
  ['decoder.block.0.layer.2.DenseReluDense.wi_0.weight', [256, 64], projection(0, 'wi_0')],
  [
    'decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight',
    [32, 4],
    { ...at('relative_attention_bias'), kind: 'embedding' },
  ],
];

const mixtures: Row[] = [
  ['model.layers.4.block_sparse_moe.experts.7.w1.weight', [172, 64], projection(4, 'w1')],
  ['model.layers.4.block_sparse_moe.gate.weight', [8, 64], { ...at('gate', 4), kind: 'router' }],
  ['model.layers.4.mlp.experts.60.gate_proj.weight', [172, 64], projection(4, 'gate_proj')],
  ['model.layers.4.mlp.shared_expert.up_proj.weight', [172, 64], projection(4, 'up_proj')],
  ['model.layers.4.mlp.gate.weight', [60, 64], { ...at('gate', 4), kind: 'router' }],
  [
    'model.layers.4.mlp.shared_expert_gate.weight',
    [1, 64],
    { ...at('shared_expert_gate', 4), kind: 'router' },
  ],
  // DeepSeek
  [
    'model.layers.4.self_attn.kv_a_proj_with_mqa.weight',
    [72, 64],
    projection(4, 'kv_a_proj_with_mqa'),
  ],
  [
    'model.layers.4.self_attn.kv_a_layernorm.weight',
    [64],
    { ...at('kv_a_layernorm', 4), kind: 'norm' },
  ],
  ['model.layers.4.mlp.shared_experts.up_proj.weight', [172, 64], projection(4, 'up_proj')],
  [
    'model.layers.4.mlp.gate.e_score_correction_bias',
    [8],
    { ...at('e_score_correction', 4), kind: 'bias' },
  ],
  [
    'model.layers.4.mlp.experts.0.up_proj.weight_scale_inv',
    [2, 1],
    { ...at('up_proj', 4), kind: 'other' },
  ],
  ['model.layers.61.shared_head.head.weight', [1000, 64], { ...at('head', 61), kind: 'head' }],
  // Stacked
  ['model.layers.4.mlp.experts.gate_up_proj', [8, 64, 344], projection(4, 'gate_up_proj', stacked)],
  ['model.layers.4.mlp.experts.down_proj', [8, 172, 64], projection(4, 'down_proj', stacked)],
  [
    'model.layers.4.mlp.experts.gate_up_proj_bias',
    [8, 344],
    { ...at('gate_up_proj', 4), kind: 'bias' },
  ],
  ['model.layers.4.mlp.router.weight', [8, 64], { ...at('router', 4), kind: 'router' }],
  // GraniteMoE: a module's weight, multiplied as a linear map
  [
    'model.layers.4.block_sparse_moe.input_linear.weight',
    [8, 344, 64],
    projection(4, 'input_linear', { stacked: true }),
  ],
];

const others: Row[] = [
  ['language_model.model.layers.9.self_attn.v_proj.weight', [64, 64], projection(9, 'v_proj')],
  ['model.language_model.layers.9.mlp.up_proj.weight', [64, 64], projection(9, 'up_proj')],
  ['language_model.lm_head.weight', [1000, 64], { kind: 'head' }],
  [
    'vision_tower.vision_model.encoder.layers.9.self_attn.q_proj.weight',
    [64, 64],
    projection(9, 'q_proj'),
  ],
  ['model.visual.blocks.9.attn.qkv.weight', [192, 64], projection(9, 'qkv')],
  ['multi_modal_projector.linear_1.weight', [64, 64], { kind: 'other' }],
  // Unknown families
  ['net.blocks.3.mixer.in_proj.weight', [128, 64], projection(3, 'in_proj')],
  ['net.decoder_layers.3.mlp.0.weight', [128, 64], projection(3, 'mlp.0')],
  ['net.blocks.3.conv.weight', [64, 64, 3, 3], projection(3, 'conv')],
  ['net.stem.weight', [64, 3, 7, 7], { kind: 'other' }],
  ['net.blocks.3.mixer.conv1d.weight', [128, 1, 4], { ...at('conv1d', 3), kind: 'other' }],
  ['net.blocks.3.mixer.A_log', [128, 16], { ...at('A_log', 3), kind: 'other' }],
  ['net.blocks.3.gain.weight', [64], { ...at('gain', 3), kind: 'norm' }],
  // Adapters, and what wraps modules; a module may itself be called module
  [
    'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
    [8, 64],
    { ...at('q_proj'), kind: 'other' },
  ],
  ['model.layers.0.self_attn.q_proj.base_layer.weight', [64, 64], projection(0, 'q_proj')],
  [
    'module._orig_mod.model.layers.1._fsdp_wrapped_module.mlp.w1.weight',
    [8, 8],
    projection(1, 'w1'),
  ],
  ['model.layers.1.module.weight', [8, 8], projection(1, 'module')],
  ['model.layers.0.self_attn.q_proj.qweight', [8, 64], { ...at('q_proj'), kind: 'other' }],
  // No block number, or none to be believed
  ['model.layers.123456.self_attn.q_proj.weight', [64, 64], { kind: 'other' }],
  ['experts.3.weight', [64, 64], { kind: 'other' }],
  ['weight', [64, 64], { kind: 'other' }],
  ['', [64, 64], { kind: 'other' }],
];

function at(role: string, block = 0): { block: number; role: string } {
  return { block, role };
}

describe.each<[string, Row[], ModelConfig]>([
  ['Llama, Mistral, Qwen, Gemma, OPT', llama, {}],
  ['Phi', phi, {}],
  ['GPT-2 by its shapes', gpt2, {}],
  ['GPT-2 by its config', gpt2, { model_type: 'gpt2' }],
  ['GPT-Neo by its shapes', gptNeo, {}],
  ['GPT-Neo by its config', gptNeo, { model_type: 'gpt_neo' }],
  ['GPT-NeoX', gptNeoX, { model_type: 'gpt_neox' }],
  ['BERT', bert, {}],
  ['T5', t5, {}],
  ['mixtures of experts', mixtures, {}],
  ['other', others, {}],
])('identify: %s', (_, rows, config) => {
  it.each(rows)('%s %j', (name, shape, expected) => {
    // Why it is not a matrix is tested in `kinds.test.ts`.
    const { notMatrix: _, ...identity } = identify(name, shape, config);
    expect(identity).toStrictEqual(expected);
  });
});

describe('identify with a config', () => {
  it('takes GPT-BigCode, which has the names of GPT-2, for linear maps', () => {
    const config = { model_type: 'gpt_bigcode' };
    expect(identify('transformer.h.0.attn.c_attn.weight', [80, 64], config)).toStrictEqual(
      projection(0, 'c_attn'),
    );
    expect(identify('transformer.h.0.attn.c_proj.weight', [64, 64], config)).toStrictEqual(
      projection(0, 'attn.c_proj'),
    );
  });

  it('tells the layouts of stacked experts by the size of the hidden states', () => {
    const config = { text_config: { hidden_size: 64 }, hidden_size: 'wrong' };
    const layout = (role: string, shape: number[]) =>
      identify(`model.layers.0.mlp.experts.${role}`, shape, config).inputFirst;
    expect(layout('gate_up_proj', [8, 64, 344])).toBe(true);
    expect(layout('gate_up_proj', [8, 344, 64])).toBeUndefined();
    expect(layout('down_proj', [8, 172, 64])).toBe(true);
    expect(layout('down_proj', [8, 64, 172])).toBeUndefined();
    expect(layout('down_proj', [8, 64, 64])).toBe(true);
  });

  it('tells square layouts of stacked experts by the family', () => {
    const layout = (model_type: string) =>
      identify('model.layers.0.mlp.experts.gate_up_proj', [8, 64, 64], {
        ...{ model_type, hidden_size: 64 },
      }).inputFirst;
    expect(layout('qwen3_5_moe_text')).toBeUndefined();
    expect(layout('gpt_oss')).toBe(true);
    expect(layout('llama4_text')).toBe(true);
  });

  it('takes the experts of DBRX, which lie one below the other, for as many as the config says', () => {
    const name = (role: string) => `transformer.blocks.0.ffn.experts.mlp.${role}`;
    const config = { model_type: 'dbrx', ffn_config: { moe_num_experts: 4 } };
    const rows = { shape: [4, 128, 64], stacked: true };
    expect(identify(name('w1'), [512, 64], config)).toEqual(projection(0, 'w1', rows));
    expect(identify(name('v1'), [512, 64], config)).toEqual(projection(0, 'v1', rows));
    expect(identify(name('w2'), [512, 64], config)).toEqual(
      projection(0, 'w2', { ...rows, inputFirst: true }),
    );
    for (const [broken, reason] of [
      [{}, /config\.json \(moe_num_experts\)/],
      [{ ffn_config: { moe_num_experts: 5 } }, /512 rows do not divide into the 5/],
      [{ ffn_config: 'x', moe_num_experts: -1 }, /moe_num_experts/],
    ] as const) {
      expect(identify(name('w1'), [512, 64], broken)).toEqual({
        ...{ block: 0, role: 'w1', kind: 'other' },
        notMatrix: expect.stringMatching(reason),
      });
    }
  });

  it('marks the encoder of an encoder-decoder model', () => {
    const name = 'model.encoder.layers.0.self_attn.q_proj.weight';
    expect(identify(name, [64, 64], { is_encoder_decoder: true }).role).toBe('encoder.q_proj');
    expect(identify(name, [64, 64]).role).toBe('q_proj');
  });

  it.each([{ model_type: 7 }, { text_config: null }, { text_config: [] }, { hidden_size: '64' }])(
    'ignores settings of the wrong type: %j',
    (config) => {
      const name = 'model.layers.0.self_attn.q_proj.weight';
      expect(identify(name, [64, 64], config)).toStrictEqual(projection(0, 'q_proj'));
    },
  );
});

it('gives each projection of a block a role of its own', () => {
  for (const rows of [
    llama,
    phi,
    gpt2,
    gptNeo,
    gptNeoX,
    bert.filter(([name]) => name.startsWith('bert.')),
    t5,
  ]) {
    const roles = rows
      .filter(([name, , { kind }]) => kind === 'projection' && !name.startsWith('h.'))
      .map(([name, shape]) => identify(name, shape))
      .map(({ block, role }) => `${block} ${role}`);
    expect(new Set(roles).size).toBe(roles.length);
  }
});
