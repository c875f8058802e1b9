/**
 * The tables of families, against the modules of transformers and the table by which Python's package
 * `gguf` names their weights.
 */
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { describe, expect, it } from 'vitest';
import { originalName } from '../names.js';
import { familyOf } from './index.js';

/** By the names of architectures in GGUF, the type of a model of transformers. */
const types: Readonly<Record<string, string>> = {
  llama: 'llama',
  mistral3: 'ministral3',
  smollm3: 'smollm3',
  granite: 'granite',
  arcee: 'arcee',
  olmo: 'olmo',
  qwen2: 'qwen2',
  qwen2moe: 'qwen2_moe',
  qwen3: 'qwen3',
  qwen3moe: 'qwen3_moe',
  deepseek2: 'deepseek_v3',
  olmoe: 'olmoe',
  glm4moe: 'glm4_moe',
  phi3: 'phi3',
  gemma: 'gemma',
  gemma2: 'gemma2',
  gemma3: 'gemma3_text',
  'gpt-oss': 'gpt_oss',
  starcoder2: 'starcoder2',
  stablelm: 'stablelm',
  nemotron: 'nemotron',
  jais2: 'jais2',
  'command-r': 'cohere',
  cohere2: 'cohere2',
  ernie4_5: 'ernie4_5',
  'ernie4_5-moe': 'ernie4_5_moe',
  olmo2: 'olmo2',
  exaone4: 'exaone4',
  seed_oss: 'seed_oss',
  apertus: 'apertus',
  chatglm: 'glm',
  glm4: 'glm4',
  'hunyuan-dense': 'hunyuan_v1_dense',
  'hunyuan-moe': 'hunyuan_v1_moe',
  llama4: 'llama4_text',
  afmoe: 'afmoe',
  phi2: 'phi',
  gpt2: 'gpt2',
  starcoder: 'gpt_bigcode',
  gptj: 'gptj',
  gptneox: 'gpt_neox',
  bloom: 'bloom',
  falcon: 'falcon',
  mpt: 'mpt',
  bert: 'bert',
  'modern-bert': 'modernbert',
  t5: 't5',
  mamba: 'mamba',
  jamba: 'jamba',
  'falcon-h1': 'falcon_h1',
  granitehybrid: 'granitemoehybrid',
  qwen3next: 'qwen3_next',
  lfm2: 'lfm2',
};

/** Names in checkpoints where the modules of transformers have others, or are not there. */
const checkpoints: Readonly<Record<string, readonly string[]>> = {
  deepseek: ['model.layers.0.mlp.shared_experts.up_proj.weight', 'model.layers.0.mlp.gate.weight'],
  granitemoe: ['model.layers.0.block_sparse_moe.router.layer.weight'],
  phimoe: ['model.layers.0.block_sparse_moe.gate.weight'],
  'minimax-m2': ['model.layers.0.block_sparse_moe.gate.weight'],
  gptneox: ['embed_out.weight', 'gpt_neox.layers.0.attention.query_key_value.bias'],
  'nomic-bert': [
    ...[
      'emb_ln.weight',
      'encoder.layers.0.attn.Wqkv.weight',
      'encoder.layers.0.attn.out_proj.weight',
    ],
    ...['encoder.layers.0.mlp.fc11.weight', 'encoder.layers.0.mlp.fc12.weight'],
    ...['encoder.layers.0.mlp.fc2.weight', 'encoder.layers.0.norm1.bias'],
  ],
  qwen: [
    ...['transformer.wte.weight', 'transformer.h.0.attn.c_attn.bias', 'transformer.ln_f.weight'],
    ...['transformer.h.0.mlp.w1.weight', 'transformer.h.0.mlp.w2.weight'],
    ...['transformer.h.0.attn.c_proj.weight', 'transformer.h.0.mlp.c_proj.weight'],
  ],
  exaone: [
    ...['transformer.wte.weight', 'transformer.h.0.attn.attention.q_proj.weight'],
    ...['transformer.h.0.attn.attention.out_proj.weight', 'transformer.h.0.mlp.c_fc_0.weight'],
    ...['transformer.h.0.mlp.c_fc_1.weight', 'transformer.h.0.mlp.c_proj.weight'],
  ],
  mamba2: ['backbone.layers.0.mixer.norm.weight', 'backbone.layers.0.mixer.in_proj.weight'],
  lfm2: ['model.layers.0.conv.in_proj.weight', 'model.layers.0.conv.conv.weight'],
  t5encoder: ['encoder.block.0.layer.1.DenseReluDense.wi_0.weight', 'shared.weight'],
};

/** What transformers has in another way than checkpoints, or llama.cpp than either. */
const otherwise = [
  /\.experts\.(gate_up_proj|down_proj)/,
  /\.(A_log|dt_bias)$/,
  // Names of gguf's table that have a parameter of their own, or lack one that files have.
  /pre_ff_layernorm\.weight$/,
  /(expert_bias|e_score_correction_bias)$/,
];

const program = `
import json, logging, sys, warnings
warnings.filterwarnings('ignore'); logging.disable(logging.WARNING)
import gguf, torch
from transformers import AutoModel, AutoModelForCausalLM, CONFIG_MAPPING, T5ForConditionalGeneration
sizes = dict(num_hidden_layers=2, hidden_size=64, intermediate_size=96, num_attention_heads=4, num_key_value_heads=2,
    vocab_size=128, max_position_embeddings=64, head_dim=16, n_layer=2, n_embd=64, n_head=4, pad_token_id=0)
own = dict(mpt=dict(d_model=64, n_heads=4, n_layers=2), t5=dict(d_model=64, num_layers=2, feed_forward_proj='gated-gelu'),
    bloom=dict(hidden_size=64, n_head=4, n_layer=2), gptj=dict(n_embd=64, n_head=4, n_layer=2, rotary_dim=8), mamba=dict(num_hidden_layers=2),
    modernbert=dict(num_hidden_layers=2, hidden_size=64, num_attention_heads=4))
archs = {name: key for key, name in gguf.MODEL_ARCH_NAMES.items()}
types, checkpoints = json.load(sys.stdin)
found = {}
def note(arch, name):
    own = gguf.get_tensor_name_map(archs[arch], 2).get_name(name, try_suffixes=('.weight', '.bias'))
    if own: found.setdefault(arch, []).append([own, name])
for arch, type in types.items():
    make, settings = CONFIG_MAPPING[type], own.get(type, sizes)
    try: config = make(**settings)
    except Exception: config = make(**{k: v for k, v in settings.items() if k != 'head_dim'})
    for key in ('num_experts', 'num_local_experts', 'n_routed_experts', 'moe_num_experts'):
        if getattr(config, key, None): setattr(config, key, 4)
    with torch.device('meta'):
        if type == 't5': model = T5ForConditionalGeneration(config)
        else: model = (AutoModel if 'bert' in type else AutoModelForCausalLM).from_config(config)
    for name in model.state_dict(): note(arch, name)
for arch, names in checkpoints.items():
    for name in names:
        note(arch, name)
        assert found[arch][-1][1] == name, name
json.dump(found, sys.stdout)
`;

describeUnless(pythonLacks('gguf', 'torch', 'transformers>=5'), 'names of families', () => {
  it('are those of the models', { timeout: 240_000 }, () => {
    const input = JSON.stringify([types, checkpoints]);
    const found = JSON.parse(runPython(program, { input })) as Record<string, [string, string][]>;
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining([...Object.keys(types), ...Object.keys(checkpoints)]),
    );
    for (const [architecture, names] of Object.entries(found)) {
      const family = familyOf(architecture, 0);
      expect(family, architecture).toBeDefined();
      const expected = names.filter(([, name]) => !otherwise.some((each) => each.test(name)));
      expect(expected.length, architecture).toBeGreaterThan(0);
      for (const [own, name] of expected) {
        // Both heads of GPT-NeoX have one name in GGUF; files have this one.
        if (architecture === 'gptneox' && name === 'lm_head.weight') continue;
        expect(originalName(own, family!), `${architecture}: ${own}`).toBe(name);
      }
    }
  });
});

describe('a family', () => {
  it('has the names of its encoder and of its decoder', () => {
    const t5 = familyOf('t5', 0)!;
    expect(originalName('enc.blk.3.ffn_down.weight', t5)).toBe(
      'encoder.block.3.layer.1.DenseReluDense.wo.weight',
    );
    expect(originalName('dec.blk.3.ffn_down.weight', t5)).toBe(
      'decoder.block.3.layer.2.DenseReluDense.wo.weight',
    );
    expect(originalName('dec.blk.0.cross_attn_q.weight', t5)).toBe(
      'decoder.block.0.layer.1.EncDecAttention.q.weight',
    );
    expect(originalName('dec.output_norm.weight', t5)).toBe('decoder.final_layer_norm.weight');
    // Of others, such a name is not known.
    expect(originalName('dec.blk.0.attn_q.weight', familyOf('llama', 0)!)).toBe(
      'dec.blk.0.attn_q.weight',
    );
  });
});
