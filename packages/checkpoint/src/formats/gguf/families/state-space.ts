/**
 * State-space models, and those that have such blocks beside attention. Parameters that llama.cpp stores
 * otherwise than they are (`A_log` as -exp of it) keep its names.
 */
import type { Family } from './family.js';
import { llama } from './llama.js';

const mamba = (module: string): Record<string, string> => ({
  ssm_d: `${module}.D`,
  ssm_conv1d: `${module}.conv1d`,
  ssm_in: `${module}.in_proj`,
  ssm_x: `${module}.x_proj`,
  ssm_dt: `${module}.dt_proj`,
  ssm_out: `${module}.out_proj`,
  ssm_norm: `${module}.norm`,
  ssm_dt_norm: `${module}.dt_layernorm`,
  ssm_b_norm: `${module}.b_layernorm`,
  ssm_c_norm: `${module}.c_layernorm`,
});

const feedForward = {
  ffn_gate: 'feed_forward.gate_proj',
  ffn_up: 'feed_forward.up_proj',
  ffn_down: 'feed_forward.down_proj',
  ffn_norm: 'pre_ff_layernorm',
};
const finalNorm = { ...llama.outer, output_norm: 'model.final_layernorm' };

const alone = (modelType: string, architecture: string): Family => ({
  modelType,
  architecture,
  outer: {
    token_embd: 'backbone.embeddings',
    output_norm: 'backbone.norm_f',
    output: 'lm_head',
  },
  blocks: 'backbone.layers',
  inner: { attn_norm: 'norm', ...mamba('mixer') },
});

/** By `general.architecture`. */
export const stateSpace: Readonly<Record<string, Family>> = {
  mamba: alone('mamba', 'MambaForCausalLM'),
  mamba2: alone('mamba2', 'Mamba2ForCausalLM'),
  jamba: {
    ...llama,
    modelType: 'jamba',
    architecture: 'JambaForCausalLM',
    outer: finalNorm,
    inner: {
      ...llama.inner,
      ...mamba('mamba'),
      ...feedForward,
      ffn_gate_inp: 'feed_forward.router',
      ffn_gate_exps: 'feed_forward.experts.{}.gate_proj',
      ffn_up_exps: 'feed_forward.experts.{}.up_proj',
      ffn_down_exps: 'feed_forward.experts.{}.down_proj',
    },
  },
  'falcon-h1': {
    ...llama,
    modelType: 'falcon_h1',
    architecture: 'FalconH1ForCausalLM',
    outer: finalNorm,
    inner: { ...llama.inner, ...mamba('mamba'), ...feedForward },
  },
  granitehybrid: {
    ...llama,
    modelType: 'granitemoehybrid',
    architecture: 'GraniteMoeHybridForCausalLM',
    inner: {
      ...llama.inner,
      ...mamba('mamba'),
      ffn_gate_inp: 'block_sparse_moe.router.layer',
      ffn_gate_exps: 'block_sparse_moe.experts.{}.gate_proj',
      ffn_up_exps: 'block_sparse_moe.experts.{}.up_proj',
      ffn_down_exps: 'block_sparse_moe.experts.{}.down_proj',
      ffn_gate_shexp: 'shared_mlp.gate_proj',
      ffn_up_shexp: 'shared_mlp.up_proj',
      ffn_down_shexp: 'shared_mlp.output_linear',
    },
  },
  qwen3next: {
    ...llama,
    modelType: 'qwen3_next',
    architecture: 'Qwen3NextForCausalLM',
    inner: {
      ...llama.inner,
      post_attention_norm: 'post_attention_layernorm',
      ssm_conv1d: 'linear_attn.conv1d',
      ssm_in: 'linear_attn.in_proj_qkvz',
      ssm_ba: 'linear_attn.in_proj_ba',
      ssm_norm: 'linear_attn.norm',
      ssm_out: 'linear_attn.out_proj',
    },
  },
  lfm2: {
    ...llama,
    modelType: 'lfm2',
    architecture: 'Lfm2ForCausalLM',
    outer: { ...llama.outer, token_embd_norm: 'model.embedding_norm' },
    inner: {
      ...llama.inner,
      attn_norm: 'operator_norm',
      attn_output: 'self_attn.out_proj',
      attn_q_norm: 'self_attn.q_layernorm',
      attn_k_norm: 'self_attn.k_layernorm',
      'shortconv.conv': 'conv.conv',
      'shortconv.in_proj': 'conv.in_proj',
      'shortconv.out_proj': 'conv.out_proj',
      ffn_norm: 'ffn_norm',
      ffn_gate: 'feed_forward.w1',
      ffn_up: 'feed_forward.w3',
      ffn_down: 'feed_forward.w2',
    },
  },
};
