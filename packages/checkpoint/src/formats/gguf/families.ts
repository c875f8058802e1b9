/**
 * What llama.cpp calls the families of models and their weights, and what transformers does
 * (`convert_hf_to_gguf.py` of ggml-org/llama.cpp, `gguf-py/gguf/tensor_mapping.py`; huggingface/
 * transformers, `models/<family>/modeling_<family>.py`). A family whose names are those of Llama needs a
 * line only.
 */

export interface Family {
  readonly modelType: string;
  /** Class of the model with its output layer. */
  readonly architecture: string;
  /** Modules outside of blocks, by their names in the file. */
  readonly outer: Readonly<Record<string, string>>;
  /** What the index of a block comes after, e.g. `model.layers`. */
  readonly blocks: string;
  /** Modules in a block. `{}` stands for the index of an expert, of those that are stacked in the file. */
  readonly inner: Readonly<Record<string, string>>;
  /** Whether rows of queries and keys lie as llama.cpp rotates them: the halves of each head in turn. */
  readonly interleaved?: true;
  /**
   * Whether the file has all queries, then all keys, then all values, and the model a group of queries
   * with its key and value for each key head.
   */
  readonly ungrouped?: true;
  /** Whether the file has the gains of norms as they act, and the model has them as differences from 1. */
  readonly gainsFromOne?: true;
  /** Whether linear maps, which the model has as `[in, out]`, are `[out, in]` in the file and stay so. */
  readonly turned?: true;
  /** More settings of a config.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

const outer = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

const attention = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_qkv: 'self_attn.qkv_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  // DeepSeek's, of low rank.
  attn_q_a: 'self_attn.q_a_proj',
  attn_q_b: 'self_attn.q_b_proj',
  attn_q_a_norm: 'self_attn.q_a_layernorm',
  attn_kv_a_mqa: 'self_attn.kv_a_proj_with_mqa',
  attn_kv_a_norm: 'self_attn.kv_a_layernorm',
  attn_kv_b: 'self_attn.kv_b_proj',
};

const feedForward = {
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
  ffn_gate_inp: 'mlp.gate',
  ffn_gate_exps: 'mlp.experts.{}.gate_proj',
  ffn_up_exps: 'mlp.experts.{}.up_proj',
  ffn_down_exps: 'mlp.experts.{}.down_proj',
  ffn_gate_inp_shexp: 'mlp.shared_expert_gate',
  ffn_gate_shexp: 'mlp.shared_expert.gate_proj',
  ffn_up_shexp: 'mlp.shared_expert.up_proj',
  ffn_down_shexp: 'mlp.shared_expert.down_proj',
};

const llama = { outer, blocks: 'model.layers', inner: { ...attention, ...feedForward } };
/** Norms after attention and feed-forward, and before the latter. */
const fourNorms = {
  ...llama.inner,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};
const sharedExperts = {
  ...llama.inner,
  ffn_gate_shexp: 'mlp.shared_experts.gate_proj',
  ffn_up_shexp: 'mlp.shared_experts.up_proj',
  ffn_down_shexp: 'mlp.shared_experts.down_proj',
};
const gemma = { hidden_activation: 'gelu_pytorch_tanh' };

const named = (modelType: string, architecture: string, more: Partial<Family> = {}): Family => ({
  ...llama,
  modelType,
  architecture,
  ...more,
});
const interleaved = true;

/** By `general.architecture`. */
const families: Readonly<Record<string, Family>> = {
  llama: named('llama', 'LlamaForCausalLM', { interleaved }),
  mistral: named('mistral', 'MistralForCausalLM', { interleaved }),
  mistral3: named('ministral3', 'Ministral3ForCausalLM', { interleaved }),
  smollm3: named('smollm3', 'SmolLM3ForCausalLM', { interleaved }),
  granite: named('granite', 'GraniteForCausalLM', { interleaved }),
  arcee: named('arcee', 'ArceeForCausalLM', { interleaved }),
  olmo: named('olmo', 'OlmoForCausalLM', { interleaved }),
  deepseek: named('deepseek', 'DeepseekForCausalLM', { interleaved, inner: sharedExperts }),
  qwen2: named('qwen2', 'Qwen2ForCausalLM'),
  qwen2moe: named('qwen2_moe', 'Qwen2MoeForCausalLM'),
  qwen3: named('qwen3', 'Qwen3ForCausalLM'),
  qwen3moe: named('qwen3_moe', 'Qwen3MoeForCausalLM'),
  deepseek2: named('deepseek_v3', 'DeepseekV3ForCausalLM', { inner: sharedExperts }),
  olmoe: named('olmoe', 'OlmoeForCausalLM'),
  glm4moe: named('glm4_moe', 'Glm4MoeForCausalLM', {
    inner: { ...sharedExperts, post_attention_norm: 'post_attention_layernorm' },
  }),
  phi3: named('phi3', 'Phi3ForCausalLM', { inner: { ...llama.inner, ffn_up: 'mlp.gate_up_proj' } }),
  gemma: named('gemma', 'GemmaForCausalLM', { gainsFromOne: true, settings: gemma }),
  gemma2: named('gemma2', 'Gemma2ForCausalLM', {
    ...{ inner: fourNorms, gainsFromOne: true, settings: gemma },
  }),
  gemma3: named('gemma3_text', 'Gemma3ForCausalLM', {
    ...{ inner: fourNorms, gainsFromOne: true, settings: gemma },
  }),
  'gpt-oss': named('gpt_oss', 'GptOssForCausalLM', {
    inner: {
      ...llama.inner,
      attn_sinks: 'self_attn.sinks',
      post_attention_norm: 'post_attention_layernorm',
      ffn_gate_inp: 'mlp.router',
    },
  }),
  starcoder2: named('starcoder2', 'Starcoder2ForCausalLM', {
    inner: { ...llama.inner, ffn_up: 'mlp.c_fc', ffn_down: 'mlp.c_proj' },
  }),
  gpt2: {
    modelType: 'gpt2',
    architecture: 'GPT2LMHeadModel',
    outer: {
      token_embd: 'transformer.wte',
      position_embd: 'transformer.wpe',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
    blocks: 'transformer.h',
    inner: {
      attn_norm: 'ln_1',
      attn_qkv: 'attn.c_attn',
      attn_output: 'attn.c_proj',
      ffn_norm: 'ln_2',
      ffn_up: 'mlp.c_fc',
      ffn_down: 'mlp.c_proj',
    },
    turned: true,
  },
  falcon: {
    modelType: 'falcon',
    architecture: 'FalconForCausalLM',
    outer: {
      token_embd: 'transformer.word_embeddings',
      output_norm: 'transformer.ln_f',
      output: 'lm_head',
    },
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
  bert: {
    modelType: 'bert',
    architecture: 'BertModel',
    outer: {
      token_embd: 'embeddings.word_embeddings',
      token_types: 'embeddings.token_type_embeddings',
      position_embd: 'embeddings.position_embeddings',
      token_embd_norm: 'embeddings.LayerNorm',
    },
    blocks: 'encoder.layer',
    inner: {
      attn_q: 'attention.self.query',
      attn_k: 'attention.self.key',
      attn_v: 'attention.self.value',
      attn_output: 'attention.output.dense',
      attn_output_norm: 'attention.output.LayerNorm',
      ffn_up: 'intermediate.dense',
      ffn_down: 'output.dense',
      layer_output_norm: 'output.LayerNorm',
    },
  },
};

const mixtral = named('mixtral', 'MixtralForCausalLM', {
  interleaved,
  inner: {
    ...attention,
    ffn_norm: 'post_attention_layernorm',
    ffn_gate_inp: 'block_sparse_moe.gate',
    ffn_gate_exps: 'block_sparse_moe.experts.{}.w1',
    ffn_up_exps: 'block_sparse_moe.experts.{}.w3',
    ffn_down_exps: 'block_sparse_moe.experts.{}.w2',
  },
});

/**
 * @param experts how many a block has
 * @returns undefined for one that is not known: then names of modules are as for Llama, which most follow
 */
export function familyOf(architecture: string, experts: number): Family | undefined {
  // Files of Mixtral call themselves Llama.
  if (architecture === 'llama' && experts > 0) return mixtral;
  return Object.hasOwn(families, architecture) ? families[architecture] : undefined;
}

/** How unknown families are read. */
export const unknownFamily: Pick<Family, 'outer' | 'blocks' | 'inner'> = llama;
