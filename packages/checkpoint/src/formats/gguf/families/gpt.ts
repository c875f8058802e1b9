/** Families with names of their own, as models before Llama had them. */
import type { Family } from './family.js';

const transformer = {
  token_embd: 'transformer.wte',
  output_norm: 'transformer.ln_f',
  output: 'lm_head',
};
const wordEmbeddings = { ...transformer, token_embd: 'transformer.word_embeddings' };
const gpt2Inner = {
  attn_norm: 'ln_1',
  attn_qkv: 'attn.c_attn',
  attn_output: 'attn.c_proj',
  ffn_norm: 'ln_2',
  ffn_up: 'mlp.c_fc',
  ffn_down: 'mlp.c_proj',
};

/** By `general.architecture`. */
export const gptLike: Readonly<Record<string, Family>> = {
  gpt2: {
    modelType: 'gpt2',
    architecture: 'GPT2LMHeadModel',
    outer: { ...transformer, position_embd: 'transformer.wpe' },
    blocks: 'transformer.h',
    inner: gpt2Inner,
    turned: true,
  },
  starcoder: {
    modelType: 'gpt_bigcode',
    architecture: 'GPTBigCodeForCausalLM',
    outer: { ...transformer, position_embd: 'transformer.wpe' },
    blocks: 'transformer.h',
    inner: gpt2Inner,
  },
  gptj: {
    modelType: 'gptj',
    architecture: 'GPTJForCausalLM',
    outer: transformer,
    blocks: 'transformer.h',
    inner: {
      attn_norm: 'ln_1',
      attn_q: 'attn.q_proj',
      attn_k: 'attn.k_proj',
      attn_v: 'attn.v_proj',
      attn_output: 'attn.out_proj',
      ffn_up: 'mlp.fc_in',
      ffn_down: 'mlp.fc_out',
    },
  },
  gptneox: {
    modelType: 'gpt_neox',
    architecture: 'GPTNeoXForCausalLM',
    outer: {
      token_embd: 'gpt_neox.embed_in',
      output_norm: 'gpt_neox.final_layer_norm',
      output: 'embed_out',
    },
    blocks: 'gpt_neox.layers',
    inner: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'attention.query_key_value',
      attn_output: 'attention.dense',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.dense_h_to_4h',
      ffn_down: 'mlp.dense_4h_to_h',
    },
    ungrouped: true,
  },
  bloom: {
    modelType: 'bloom',
    architecture: 'BloomForCausalLM',
    outer: { ...wordEmbeddings, token_embd_norm: 'transformer.word_embeddings_layernorm' },
    blocks: 'transformer.h',
    inner: {
      attn_norm: 'input_layernorm',
      attn_qkv: 'self_attention.query_key_value',
      attn_output: 'self_attention.dense',
      ffn_norm: 'post_attention_layernorm',
      ffn_up: 'mlp.dense_h_to_4h',
      ffn_down: 'mlp.dense_4h_to_h',
    },
    ungrouped: true,
  },
  falcon: {
    modelType: 'falcon',
    architecture: 'FalconForCausalLM',
    outer: wordEmbeddings,
    blocks: 'transformer.h',
    inner: {
      attn_norm: 'input_layernorm',
      attn_norm_2: 'ln_attn',
      attn_qkv: 'self_attention.query_key_value',
      attn_output: 'self_attention.dense',
      ffn_up: 'mlp.dense_h_to_4h',
      ffn_down: 'mlp.dense_4h_to_h',
    },
    ungrouped: true,
  },
  mpt: {
    modelType: 'mpt',
    architecture: 'MptForCausalLM',
    outer: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.norm_f',
      output: 'lm_head',
    },
    blocks: 'transformer.blocks',
    inner: {
      attn_norm: 'norm_1',
      attn_qkv: 'attn.Wqkv',
      attn_q_norm: 'attn.q_ln',
      attn_k_norm: 'attn.k_ln',
      attn_output: 'attn.out_proj',
      ffn_norm: 'norm_2',
      ffn_up: 'ffn.up_proj',
      ffn_down: 'ffn.down_proj',
    },
  },
  qwen: {
    modelType: 'qwen',
    architecture: 'QWenLMHeadModel',
    outer: transformer,
    blocks: 'transformer.h',
    inner: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.w1',
      ffn_gate: 'mlp.w2',
      ffn_down: 'mlp.c_proj',
    },
  },
  exaone: {
    modelType: 'exaone',
    architecture: 'ExaoneForCausalLM',
    outer: transformer,
    blocks: 'transformer.h',
    inner: {
      attn_norm: 'ln_1',
      attn_q: 'attn.attention.q_proj',
      attn_k: 'attn.attention.k_proj',
      attn_v: 'attn.attention.v_proj',
      attn_output: 'attn.attention.out_proj',
      ffn_norm: 'ln_2',
      ffn_gate: 'mlp.c_fc_0',
      ffn_up: 'mlp.c_fc_1',
      ffn_down: 'mlp.c_proj',
    },
  },
};
