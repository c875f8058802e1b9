/**
 * What model families call their weights, as data. A family is one row; a new one needs no code.
 *
 * Rows only say what differs from the common rules of `describe.ts`: a linear map `[out, in]`,
 * named by the module that holds it. Names and layouts follow the modules of
 * huggingface/transformers (`models/<family>/modeling_<family>.py`).
 */
import type { FusedLayout } from './fused.js';

export interface Family {
  /** `model_type` values of config.json. */
  readonly modelTypes: readonly string[];
  /** The class to name when there is no config.json to name it; absent where names cannot tell. */
  readonly architecture?: string;
  /** Without a known `model_type`: each of these occurs in the names of some weight. */
  readonly signs: readonly RegExp[];
  /** What the shape of the weight that the first sign finds must fulfil besides. */
  readonly signShape?: (shape: readonly number[]) => boolean;
  /** Roles whose matrices are `[in, out]`. */
  readonly inputFirst?: readonly string[];
  /** Roles for names whose last module does not say enough. */
  readonly roles?: ReadonlyArray<readonly [end: RegExp, role: string]>;
  /** Roles that hold several projections, and how. */
  readonly fused?: Readonly<Record<string, FusedLayout>>;
}

const qkv = ['q', 'k', 'v'] as const;
const gateUp = ['gate', 'up'] as const;

/** More telling rows come first: the first whose signs all occur is taken. */
export const families: readonly Family[] = [
  {
    modelTypes: ['gpt2'],
    architecture: 'GPT2LMHeadModel',
    signs: [/\.attn\.c_attn\.weight$/, /\.attn\.c_proj\.weight$/],
    // Conv1D. GPT-BigCode and nanoGPT use the same names for [out, in].
    signShape: ([rows = 0, columns = 0]) => columns === 3 * rows,
    inputFirst: ['c_attn', 'q_attn', 'c_proj', 'c_fc'],
    fused: { c_attn: { parts: qkv, arrangement: 'equal' } },
  },
  {
    modelTypes: ['gpt_neo'],
    architecture: 'GPTNeoForCausalLM',
    signs: [/\.attn\.attention\.q_proj\.weight$/, /\.mlp\.c_fc\.weight$/],
  },
  {
    modelTypes: ['gpt_neox'],
    architecture: 'GPTNeoXForCausalLM',
    signs: [/\.attention\.query_key_value\.weight$/, /\.mlp\.dense_h_to_4h\.weight$/],
    fused: { query_key_value: { parts: qkv, arrangement: 'per-head' } },
  },
  {
    modelTypes: ['bloom'],
    architecture: 'BloomForCausalLM',
    signs: [/\.self_attention\.query_key_value\.weight$/, /word_embeddings_layernorm\.weight$/],
    fused: { query_key_value: { parts: qkv, arrangement: 'per-head' } },
  },
  {
    modelTypes: ['roberta', 'xlm-roberta', 'camembert'],
    architecture: 'RobertaModel',
    signs: [/^roberta\..*\.attention\.self\.query\.weight$/],
    roles: bertRoles(),
  },
  {
    modelTypes: ['bert', 'electra'],
    architecture: 'BertModel',
    signs: [/\.attention\.self\.query\.weight$/, /\.intermediate\.dense\.weight$/],
    roles: bertRoles(),
  },
  {
    modelTypes: ['distilbert'],
    architecture: 'DistilBertModel',
    signs: [/\.attention\.q_lin\.weight$/, /\.ffn\.lin1\.weight$/],
  },
  {
    modelTypes: ['phi'],
    architecture: 'PhiForCausalLM',
    signs: [/\.self_attn\.dense\.weight$/, /\.mlp\.fc1\.weight$/],
  },
  {
    modelTypes: ['phi3'],
    architecture: 'Phi3ForCausalLM',
    signs: [/\.self_attn\.qkv_proj\.weight$/, /\.mlp\.gate_up_proj\.weight$/],
    fused: {
      qkv_proj: { parts: qkv, arrangement: 'grouped-query' },
      gate_up_proj: { parts: gateUp, arrangement: 'equal' },
    },
  },
  {
    modelTypes: ['glm', 'glm4'],
    signs: [/\.self_attn\.q_proj\.weight$/, /\.mlp\.gate_up_proj\.weight$/],
    fused: { gate_up_proj: { parts: gateUp, arrangement: 'equal' } },
  },
  {
    modelTypes: ['gpt_oss'],
    architecture: 'GptOssForCausalLM',
    signs: [/\.mlp\.experts\.gate_up_proj(_blocks)?$/, /\.mlp\.router\.weight$/],
    fused: { gate_up_proj: { parts: gateUp, arrangement: 'alternating' } },
  },
  {
    modelTypes: ['llama4', 'llama4_text', 'qwen3_5_moe', 'qwen3_vl_moe', 'qwen3_vl_moe_text'],
    signs: [/\.experts\.gate_up_proj$/],
    fused: { gate_up_proj: { parts: gateUp, arrangement: 'equal' } },
  },
  {
    modelTypes: ['mixtral'],
    architecture: 'MixtralForCausalLM',
    signs: [/\.block_sparse_moe\.experts\.\d+\.w1\.weight$/],
  },
  {
    modelTypes: ['qwen2_moe'],
    architecture: 'Qwen2MoeForCausalLM',
    signs: [/\.mlp\.experts\.\d+\.gate_proj\.weight$/, /\.mlp\.shared_expert\.gate_proj\.weight$/],
  },
  // OLMoE names its weights as Qwen3-MoE does, so the names do not tell the class.
  {
    modelTypes: ['qwen3_moe', 'olmoe'],
    signs: [/\.mlp\.experts\.\d+\.gate_proj\.weight$/, /\.self_attn\.q_norm\.weight$/],
  },
  {
    modelTypes: ['gemma3', 'gemma3_text'],
    architecture: 'Gemma3ForCausalLM',
    signs: [/\.pre_feedforward_layernorm\.weight$/, /\.self_attn\.q_norm\.weight$/],
  },
  {
    modelTypes: ['gemma2'],
    architecture: 'Gemma2ForCausalLM',
    signs: [/\.pre_feedforward_layernorm\.weight$/],
  },
  {
    modelTypes: ['qwen3'],
    architecture: 'Qwen3ForCausalLM',
    signs: [/\.self_attn\.q_norm\.weight$/, /\.mlp\.gate_proj\.weight$/],
  },
  {
    modelTypes: ['qwen2'],
    architecture: 'Qwen2ForCausalLM',
    signs: [/\.self_attn\.q_proj\.bias$/, /\.mlp\.gate_proj\.weight$/],
  },
  // Mistral and Gemma 1 cannot be told from Llama by their names.
  {
    modelTypes: ['llama', 'mistral', 'gemma'],
    architecture: 'LlamaForCausalLM',
    signs: [/\.self_attn\.q_proj\.weight$/, /\.mlp\.gate_proj\.weight$/],
  },
];

/** Three modules of a BERT block are called `dense`. */
function bertRoles(): NonNullable<Family['roles']> {
  return [
    [/\.attention\.output\.dense$/, 'attention.output.dense'],
    [/\.intermediate\.dense$/, 'intermediate.dense'],
    [/\.output\.dense$/, 'output.dense'],
  ];
}
