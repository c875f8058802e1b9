/**
 * The class of a model, for documents: from config.json, or from the names of the weights when there
 * is none. Names are a guess, and only made where they tell one family from all others in the table.
 */
import type { ModelConfig } from './config.js';
import { LONGEST_NAME } from './tables.js';

/** More telling rows come first: the first whose signs all occur is taken. */
const signs: ReadonlyArray<readonly [architecture: string, ...RegExp[]]> = [
  ['GPT2LMHeadModel', /(^|\.)h\.\d+\.attn\.c_attn\.weight$/, /(^|\.)wpe\.weight$/],
  ['GPTNeoForCausalLM', /\.attn\.attention\.q_proj\.weight$/],
  ['GPTNeoXForCausalLM', /\.attention\.query_key_value\.weight$/, /embed_in\.weight$/],
  [
    'BloomForCausalLM',
    /\.self_attention\.query_key_value\.weight$/,
    /embeddings_layernorm\.weight$/,
  ],
  ['RobertaModel', /^roberta\..*\.attention\.self\.query\.weight$/],
  ['BertModel', /\.attention\.self\.query\.weight$/, /token_type_embeddings\.weight$/],
  ['DistilBertModel', /\.attention\.q_lin\.weight$/, /\.ffn\.lin1\.weight$/],
  ['PhiForCausalLM', /\.self_attn\.dense\.weight$/, /\.mlp\.fc1\.weight$/],
  ['Phi3ForCausalLM', /\.self_attn\.qkv_proj\.weight$/, /\.mlp\.gate_up_proj\.weight$/],
  ['GptOssForCausalLM', /\.self_attn\.sinks$/, /\.mlp\.experts\.gate_up_proj(_blocks)?$/],
  ['MixtralForCausalLM', /\.block_sparse_moe\.experts\.\d+\.w1\.weight$/],
  ['Qwen2MoeForCausalLM', /\.mlp\.shared_expert\.gate_proj\.weight$/, /\.self_attn\.q_proj\.bias$/],
  [
    'Qwen3MoeForCausalLM',
    /\.mlp\.experts\.\d+\.gate_proj\.weight$/,
    /\.self_attn\.q_norm\.weight$/,
  ],
  ['Gemma3ForCausalLM', /\.pre_feedforward_layernorm\.weight$/, /\.self_attn\.q_norm\.weight$/],
  ['Gemma2ForCausalLM', /\.pre_feedforward_layernorm\.weight$/],
  ['Qwen3ForCausalLM', /\.self_attn\.q_norm\.weight$/, /\.mlp\.gate_proj\.weight$/],
  ['Qwen2ForCausalLM', /\.self_attn\.q_proj\.bias$/, /\.mlp\.gate_proj\.weight$/],
  // Mistral and Gemma 1 have no other names than Llama.
  ['LlamaForCausalLM', /\.self_attn\.q_proj\.weight$/, /\.mlp\.gate_proj\.weight$/],
];

/** @param config takes precedence, even when it does not name a class */
export function architectureOf(
  names: readonly string[],
  config: ModelConfig | undefined,
): string | undefined {
  if (config) {
    const { architectures } = config;
    const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
    return typeof first === 'string' ? first : undefined;
  }
  const paths = names.filter(({ length }) => length <= LONGEST_NAME);
  const row = signs.find(([, ...patterns]) =>
    (patterns as RegExp[]).every((pattern) => paths.some((name) => pattern.test(name))),
  );
  return row?.[0];
}
