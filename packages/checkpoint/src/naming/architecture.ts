/**
 * The class of a model, for documents: from config.json, or from the names of the weights when there
 * is none. Names are a guess, and only made where they tell one family from all others in the table.
 */
import type { ModelConfig } from './config.js';
import { LONGEST_NAME } from './tables.js';

/** More telling rows come first: the first whose signs all occur is taken. */
const signs: ReadonlyArray<readonly [architecture: string, modelType: string, ...RegExp[]]> = [
  ['GPT2LMHeadModel', 'gpt2', /(^|\.)h\.\d+\.attn\.c_attn\.weight$/, /(^|\.)wpe\.weight$/],
  ['QWenLMHeadModel', 'qwen', /\.attn\.c_attn\.weight$/, /\.mlp\.w1\.weight$/],
  ['CodeGenForCausalLM', 'codegen', /\.attn\.qkv_proj\.weight$/, /\.mlp\.fc_in\.weight$/],
  ['InternLM2ForCausalLM', 'internlm2', /\.attention\.wqkv\.weight$/],
  ['BaichuanForCausalLM', 'baichuan', /\.self_attn\.W_pack\.weight$/],
  ['DbrxForCausalLM', 'dbrx', /\.norm_attn_norm\.attn\.Wqkv\.weight$/],
  ['MptForCausalLM', 'mpt', /\.attn\.Wqkv\.weight$/, /\.ffn\.up_proj\.weight$/],
  ['ModernBertModel', 'modernbert', /\.attn\.Wqkv\.weight$/, /\.mlp\.Wi\.weight$/],
  ['ChatGLMModel', 'chatglm', /\.encoder\.layers\.\d+\.self_attention\.query_key_value\.weight$/],
  ['Qwen3NextForCausalLM', 'qwen3_next', /\.linear_attn\.in_proj_qkvz\.weight$/],
  // The repositories of FLUX and Stable Diffusion 3; timm, and what has its names.
  [
    'Flux',
    'flux',
    /(^|\.)double_blocks\.\d+\.img_attn\.qkv\.weight$/,
    /(^|\.)single_blocks\.\d+\.linear1\.weight$/,
  ],
  ['MMDiTX', 'sd3', /(^|\.)joint_blocks\.\d+\.x_block\.attn\.qkv\.weight$/],
  ['VisionTransformer', 'timm', /^blocks\.\d+\.attn\.qkv\.weight$/, /^patch_embed\.proj\.weight$/],
  ['GPTNeoForCausalLM', 'gpt_neo', /\.attn\.attention\.q_proj\.weight$/],
  ['GPTNeoXForCausalLM', 'gpt_neox', /\.attention\.query_key_value\.weight$/, /embed_in\.weight$/],
  [
    'BloomForCausalLM',
    'bloom',
    /\.self_attention\.query_key_value\.weight$/,
    /embeddings_layernorm\.weight$/,
  ],
  ['RobertaModel', 'roberta', /^roberta\..*\.attention\.self\.query\.weight$/],
  ['BertModel', 'bert', /\.attention\.self\.query\.weight$/, /token_type_embeddings\.weight$/],
  ['DistilBertModel', 'distilbert', /\.attention\.q_lin\.weight$/, /\.ffn\.lin1\.weight$/],
  ['PhiForCausalLM', 'phi', /\.self_attn\.dense\.weight$/, /\.mlp\.fc1\.weight$/],
  ['Phi3ForCausalLM', 'phi3', /\.self_attn\.qkv_proj\.weight$/, /\.mlp\.gate_up_proj\.weight$/],
  [
    'GptOssForCausalLM',
    'gpt_oss',
    /\.self_attn\.sinks$/,
    /\.mlp\.experts\.gate_up_proj(_blocks)?$/,
  ],
  ['MixtralForCausalLM', 'mixtral', /\.block_sparse_moe\.experts\.\d+\.w1\.weight$/],
  [
    'Qwen2MoeForCausalLM',
    'qwen2_moe',
    /\.mlp\.shared_expert\.gate_proj\.weight$/,
    /\.self_attn\.q_proj\.bias$/,
  ],
  [
    'Qwen3MoeForCausalLM',
    'qwen3_moe',
    /\.mlp\.experts\.\d+\.gate_proj\.weight$/,
    /\.self_attn\.q_norm\.weight$/,
  ],
  [
    'Gemma3ForCausalLM',
    'gemma3_text',
    /\.pre_feedforward_layernorm\.weight$/,
    /\.self_attn\.q_norm\.weight$/,
  ],
  ['Gemma2ForCausalLM', 'gemma2', /\.pre_feedforward_layernorm\.weight$/],
  ['Qwen3ForCausalLM', 'qwen3', /\.self_attn\.q_norm\.weight$/, /\.mlp\.gate_proj\.weight$/],
  ['Qwen2ForCausalLM', 'qwen2', /\.self_attn\.q_proj\.bias$/, /\.mlp\.gate_proj\.weight$/],
  // Mistral and Gemma 1 have no other names than Llama.
  ['LlamaForCausalLM', 'llama', /\.self_attn\.q_proj\.weight$/, /\.mlp\.gate_proj\.weight$/],
];

/** @param config takes precedence, even when it does not name a class */
export function architectureOf(
  names: readonly string[],
  config: ModelConfig | undefined,
): string | undefined {
  if (!config) return guess(names)?.architecture;
  const { architectures, _class_name: pipelinePart } = config;
  const first: unknown = Array.isArray(architectures) ? architectures[0] : pipelinePart;
  return typeof first === 'string' ? first : undefined;
}

/** `model_type`, by the names of the weights alone. */
export function familyOf(names: readonly string[]): string | undefined {
  return guess(names)?.modelType;
}

function guess(names: readonly string[]): { architecture: string; modelType: string } | undefined {
  const paths = names.filter(({ length }) => length <= LONGEST_NAME);
  const row = signs.find(([, , ...patterns]) =>
    (patterns as RegExp[]).every((pattern) => paths.some((name) => pattern.test(name))),
  );
  return row && { architecture: row[0], modelType: row[1] };
}
