/**
 * Families whose names are those of Llama, or nearly so. One that has no others needs a line only.
 */
import type { Family } from './family.js';

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

export const llama: Pick<Family, 'outer' | 'blocks' | 'inner'> = {
  outer,
  blocks: 'model.layers',
  inner: { ...attention, ...feedForward },
};
/** Norms after attention and feed-forward, and before the latter. */
const fourNorms = {
  ...llama.inner,
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};
const twoNormsAfter = {
  ...llama.inner,
  post_attention_norm: 'post_attention_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};
const sharedExperts = {
  ...llama.inner,
  ffn_gate_shexp: 'mlp.shared_experts.gate_proj',
  ffn_up_shexp: 'mlp.shared_experts.up_proj',
  ffn_down_shexp: 'mlp.shared_experts.down_proj',
};
/** Experts as Mixtral names their layers. */
const ofMixtral = {
  ...attention,
  ffn_norm: 'post_attention_layernorm',
  ffn_gate_inp: 'block_sparse_moe.gate',
  ffn_gate_exps: 'block_sparse_moe.experts.{}.w1',
  ffn_up_exps: 'block_sparse_moe.experts.{}.w3',
  ffn_down_exps: 'block_sparse_moe.experts.{}.w2',
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
export const llamaLike: Readonly<Record<string, Family>> = {
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
  // Files do not say it; llama.cpp divides the gates of the chosen experts by their sum.
  qwen3moe: named('qwen3_moe', 'Qwen3MoeForCausalLM', { settings: { norm_topk_prob: true } }),
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
  // Named as Llama; llama.cpp divides what some of them have fused.
  baichuan: named('baichuan', 'BaichuanForCausalLM', { interleaved }),
  xverse: named('xverse', 'XverseForCausalLM', { interleaved }),
  internlm2: named('internlm2', 'InternLM2ForCausalLM', { interleaved }),
  minicpm: named('minicpm', 'MiniCPMForCausalLM', { interleaved }),
  orion: named('orion', 'OrionForCausalLM'),
  stablelm: named('stablelm', 'StableLmForCausalLM'),
  nemotron: named('nemotron', 'NemotronForCausalLM'),
  jais2: named('jais2', 'Jais2ForCausalLM'),
  'command-r': named('cohere', 'CohereForCausalLM'),
  cohere2: named('cohere2', 'Cohere2ForCausalLM'),
  ernie4_5: named('ernie4_5', 'Ernie4_5ForCausalLM'),
  olmo2: named('olmo2', 'Olmo2ForCausalLM', { inner: twoNormsAfter }),
  exaone4: named('exaone4', 'Exaone4ForCausalLM', { inner: twoNormsAfter }),
  seed_oss: named('seed_oss', 'SeedOssForCausalLM', {
    inner: { ...llama.inner, post_attention_norm: 'post_attention_layernorm' },
  }),
  apertus: named('apertus', 'ApertusForCausalLM', {
    inner: {
      ...llama.inner,
      attn_norm: 'attention_layernorm',
      ffn_norm: 'feedforward_layernorm',
    },
  }),
  chatglm: named('glm', 'GlmForCausalLM', {
    inner: { ...llama.inner, ffn_up: 'mlp.gate_up_proj' },
  }),
  glm4: named('glm4', 'Glm4ForCausalLM', {
    inner: {
      ...llama.inner,
      ffn_up: 'mlp.gate_up_proj',
      post_attention_norm: 'post_self_attn_layernorm',
      post_ffw_norm: 'post_mlp_layernorm',
    },
  }),
  'hunyuan-dense': named('hunyuan_v1_dense', 'HunYuanDenseV1ForCausalLM', {
    inner: {
      ...llama.inner,
      attn_q_norm: 'self_attn.query_layernorm',
      attn_k_norm: 'self_attn.key_layernorm',
    },
  }),
  llama4: named('llama4_text', 'Llama4ForCausalLM', {
    inner: Object.fromEntries(
      Object.entries(llama.inner).map(([own, module]) => [
        own,
        own === 'ffn_gate_inp' ? 'feed_forward.router' : module.replace(/^mlp\./, 'feed_forward.'),
      ]),
    ),
  }),
  'ernie4_5-moe': named('ernie4_5_moe', 'Ernie4_5_MoeForCausalLM', { inner: sharedExperts }),
  'hunyuan-moe': named('hunyuan_v1_moe', 'HunYuanMoEV1ForCausalLM', {
    inner: {
      ...llama.inner,
      attn_q_norm: 'self_attn.query_layernorm',
      attn_k_norm: 'self_attn.key_layernorm',
      ffn_gate_inp: 'mlp.gate.wg',
      ffn_gate_shexp: 'mlp.shared_mlp.gate_proj',
      ffn_up_shexp: 'mlp.shared_mlp.up_proj',
      ffn_down_shexp: 'mlp.shared_mlp.down_proj',
    },
  }),
  afmoe: named('afmoe', 'AfmoeForCausalLM', {
    inner: {
      ...sharedExperts,
      attn_gate: 'self_attn.gate_proj',
      ffn_gate_inp: 'mlp.router.gate',
      post_attention_norm: 'post_attention_layernorm',
      ffn_norm: 'pre_mlp_layernorm',
      post_ffw_norm: 'post_mlp_layernorm',
    },
  }),
  granitemoe: named('granitemoe', 'GraniteMoeForCausalLM', {
    interleaved,
    inner: {
      ...llama.inner,
      ffn_gate_inp: 'block_sparse_moe.router.layer',
      ffn_gate_exps: 'block_sparse_moe.experts.{}.gate_proj',
      ffn_up_exps: 'block_sparse_moe.experts.{}.up_proj',
      ffn_down_exps: 'block_sparse_moe.experts.{}.down_proj',
    },
  }),
  phimoe: named('phimoe', 'PhimoeForCausalLM', { inner: ofMixtral }),
  'minimax-m2': named('minimax_m2', 'MiniMaxM2ForCausalLM', {
    inner: {
      ...ofMixtral,
      attn_q_norm: 'self_attn.q_norm',
      attn_k_norm: 'self_attn.k_norm',
    },
  }),
  phi2: named('phi', 'PhiForCausalLM', {
    outer: { ...outer, output_norm: 'model.final_layernorm' },
    inner: {
      ...llama.inner,
      attn_output: 'self_attn.dense',
      ffn_up: 'mlp.fc1',
      ffn_down: 'mlp.fc2',
    },
  }),
};

export const mixtral: Family = named('mixtral', 'MixtralForCausalLM', {
  interleaved,
  inner: ofMixtral,
});
