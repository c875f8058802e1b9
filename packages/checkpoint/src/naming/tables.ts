/**
 * What model families call their weights, as data; `index.ts` holds the logic. A family whose names
 * follow the common rules (a linear map `[out, in]`, named by the module that holds it) needs no
 * entry. Names follow huggingface/transformers, `models/<family>/modeling_<family>.py`.
 *
 * Patterns match one component of a name unless they say otherwise.
 */

/** What layers call their parameters; `gamma` and `beta` are BERT's of the TensorFlow days. */
export const layerParameters: RegExp = /^(weight|bias|gamma|beta)$/;
export const biases: RegExp = /^(bias|beta|\w+_bias)$/;

/** The component before a block's index. */
export const blockLists: RegExp = /^(h|\w*(layers?|blocks?|layer_groups?))$/;

/** Stacks beside the text model, whose blocks are not the model's. */
export const towers: RegExp =
  /^((vision|image|audio|speech)_(tower|model|encoder|embed_tokens)|visual|vision|audio|mtp)$/;

export const norms: RegExp = /norm|^ln(_?\w{1,2}|_\w+)?$/i;
export const embeddings: RegExp =
  /^(wte|wpe|embed|embed_(in|tokens|positions)\w*|\w*embeddings?|\w+_embed|relative_attention_bias)$/;
/** Only outside of blocks, where nothing but T5's and BART's common embedding is called so. */
export const sharedEmbedding: RegExp = /^shared$/;
export const heads: RegExp =
  /^(lm_head|embed_out|score|classifier|qa_outputs|vocab_projector|output_projection)$/;
/** Outside of blocks; matched against the module's whole path. */
export const headPaths: RegExp = /^(output|cls\.(predictions\.decoder|seq_relationship))$/;
/** In blocks: multi-token prediction of DeepSeek. */
export const blockHeads: RegExp = /^(lm_head|shared_head)$/;
/** Matched against the module's path within its block. */
export const routers: RegExp =
  /(^|\.)(gate|router|shared_expert_gate|gate\.wg|router\.(layer|classifier))$/;
/** Mixtures of experts; matched against the module's path within its block. */
export const mixtures: RegExp = /expert|moe/;
/** Expert parameters whose outputs, not inputs, are the hidden states. */
export const downProjections: RegExp = /^(down_proj|w2|wo|output_linear)$/;
/** Attention to another sequence: its projections are called as those of self-attention. */
export const crossAttentions: RegExp =
  /^(crossattention|cross_attn|encoder_attn|encoder_attention|EncDecAttention)$/;

/** Tables that modules keep beside their weights. */
export const buffers: RegExp = /^(masked_bias|inv_freq|position_ids|token_type_ids|rotary_emb)$/;
/** Companions of quantised weights: packed values, scales and zero points. */
export const quantised: RegExp =
  /^(qweight|qzeros|scales|g_idx|SCB|absmax|nested_absmax|quant_map|nested_quant_map|quant_state.*|\w*_scales?(_inv|_2)?|\w*_zero_point|weight_(packed|shape)|\w+_blocks)$/;
/** Factors of adapters, which are no weights of the model. */
export const adapterFactors: RegExp = /^lora_(embedding_)?[AB]$/;

/** What differs from the common rules. */
export interface NamingRule {
  /** Matched against the module's path within its block, e.g. `attn.c_attn`. */
  readonly path: RegExp;
  /** `model_type` values of config.json. Absent: all. */
  readonly modelTypes?: readonly string[];
  /** Decides in place of `modelTypes` when there is no `model_type`. */
  readonly shape?: (rows: number, columns: number) => boolean;
  /** The role is the whole path, as a block has several modules with that last name. */
  readonly pathIsRole?: true;
  /** The matrix is `[in, out]`. */
  readonly inputFirst?: true;
}

/** Families that use GPT-2's Conv1D. */
const modelTypes = ['gpt2', 'openai-gpt', 'imagegpt', 'decision_transformer'];
const conv1d = { modelTypes, inputFirst: true } as const;

/** The first that applies is taken. */
export const rules: readonly NamingRule[] = [
  // GPT-Neo and GPT-BigCode have linear maps of these names, their shapes the other way round.
  { ...conv1d, path: /^attn\.c_attn$/, shape: (rows, columns) => columns === 3 * rows },
  {
    ...conv1d,
    path: /^attn\.c_proj$/,
    shape: (rows, columns) => rows === columns,
    pathIsRole: true,
  },
  { ...conv1d, path: /^mlp\.c_fc$/, shape: (rows, columns) => columns > rows },
  {
    ...conv1d,
    path: /^mlp\.c_proj$/,
    shape: (rows, columns) => rows > columns,
    pathIsRole: true,
  },
  { ...conv1d, path: /^crossattention\.(c_attn|q_attn|c_proj)$/ },
  { path: /^(attn|mlp)\.c_proj$/, modelTypes: ['gpt_bigcode'], pathIsRole: true },
  // GPT-NeoX, and BERT with its relatives.
  { path: /^attention\.dense$/, pathIsRole: true },
  { path: /^(attention\.output|intermediate|output)\.dense$/, pathIsRole: true },
];
