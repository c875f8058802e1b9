/**
 * What model families call their weights, as data; `index.ts` holds the logic. A family whose names
 * follow the common rules (a linear map `[out, in]`, named by the module that holds it) needs no
 * entry. Names follow huggingface/transformers, `models/<family>/modeling_<family>.py`.
 *
 * Patterns match one component of a name unless they say otherwise.
 */

/** Longer names are no module's path, and patterns with a gap take quadratic time on them. */
export const LONGEST_NAME = 1000;

/** What layers call their parameters; `gamma` and `beta` are BERT's of the TensorFlow days. */
export const layerParameters: RegExp = /^(weight|bias|gamma|beta)$/;
export const biases: RegExp = /^(bias|beta|\w+_bias)$/;
/** Biases that no weight of the same name belongs to. */
export const ownBiases: RegExp = /^(masked|dt)_bias$/;

/** The component before a block's index. Bark has lists of embeddings. */
export const blockLists: RegExp = /^(h|encoders|(?!\w*embeds_)\w*(layers?|blocks?|layer_groups?))$/;

/** A whole model, to torch.nn.Sequential and pipelines that are made of one. */
export const wholeList = 'sequential';

/** Models beside a text model: of images, of sound, between them and the text, or ahead of it. */
export const towers: RegExp =
  /^((vision|image|audio|speech)_(tower|model|encoder|embed_tokens|backbone)|(image|audio)_embed|embed_tokens_extend|visual|vision|audio|img_processor|sam_model|vpm|apm|qformer|resampler|mtp|talker|token2wav|code2wav)$/;
/** Families of searched architectures, blocks of which may have nothing at all. */
export const searchedFamilies: readonly string[] = ['nemotron-nas'];
/** What makes images or sound from what a model says, never the model beside others. */
export const codecs: RegExp = /codec|vocoder|quantizer|^vae$/;
/** Models of text beside others, Bark's among them; and what a file with all parts of a pipeline calls its main one. */
export const textModels: RegExp =
  /^(language_model|language|llm|lm|text_model|text|text_decoder|thinker|semantic|diffusion_model)$/;
/** What such a file calls the others. */
export const pipelineParts: RegExp =
  /^(text_encoders?|cond_stage_model|conditioner|first_stage_model|vae)$/;
/** Modules that hold a whole model or one half of it. */
export const wholeModels: RegExp =
  /^(base_model|model|transformer|gpt_neox|backbone|encoder|decoder)$/;
/** The halves of an encoder-decoder. */
export const sides: RegExp = /^(\w+_)?(encoder|decoder)$/;

export const norms: RegExp = /norm|^ln(_?\w{1,2}|_\w+)?$/i;
export const embeddings: RegExp =
  /^(wte|wpe|embed|embed_(in|tokens|positions)\w*|\w*embeddings?|\w+_embed|\w+_embeds_layers|embed_patches|relative_attention_bias)$/;
/** The same, of the modules alone that have the table themselves. */
export const embeddingTables: RegExp =
  /^(emb|\w*embeds_layer|\w+_emb|embed_(?!out$|\w*proj)\w+|\w+_embedding_table)$/;
/**
 * Only outside of blocks, where nothing but embeddings is called so: T5's and BART's common one, CTRL's, and
 * those of learned tokens. Matched against the module's whole path.
 */
export const outerEmbeddings: RegExp = /(^|\.)(shared|transformer\.w|(?!\w*embed_)\w+_tokens?)$/;
export const heads: RegExp =
  /^(lm_head|embed_out|score|classifier|qa_outputs|vocab_projector|output_projection)$/;
/** Outside of blocks; matched against the module's whole path. */
export const headPaths: RegExp =
  /^(output|head|cls\.(predictions\.decoder|seq_relationship))$|(^|\.)(output_layer|transformer\.ff_out)$/;
/** In blocks: multi-token prediction of DeepSeek. */
export const blockHeads: RegExp = /^(lm_head|shared_head)$/;
/** Matched against the module's path within its block. The gate of RWKV's attention is a projection. */
export const routers: RegExp =
  /(^|\.)((?<!att\w*\.)gate|router|shared_expert_gate|gate\.wg|router\.(layer|classifier|proj))$/;
/** Mixtures of experts; matched against the module's path within its block. The last is JetMoe's. */
export const mixtures: RegExp = /expert|moe|(^|\.)mlp\.(in|out)put_linear$/;
/** Expert parameters whose outputs, not inputs, are the hidden states. */
export const downProjections: RegExp = /^(down_proj|w2|wo|output_linear)$/;
/**
 * Families whose stacked experts are `[experts, out, in]`; of the others, and of those that the size of the
 * hidden states tells apart, as it does nearly always, nothing need be said.
 */
export const outputFirstExperts: readonly string[] = `
  afmoe axk1 axk2 bailing_hybrid beam cohere2_moe deepseek_ocr2 deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4
  diffusion_gemma dots1 dots3_note ernie4_5_moe ernie4_5_vl_moe exaone_moe flex_olmo flint gemma4 glm4_moe
  glm4_moe_lite glm4v_moe glm5_next glm_moe_dsa granitemoe granitemoe_swa granitemoehybrid granitemoeshared
  hunyuan_v1_moe hy_v3 hy_v4 hy_v4_vl inkling inkling2 inkling2_loop jamba kimi_linear kolibri1 laguna lara_mini
  lfm2_moe longcat_flash mellum mimo_v2_flash minimax minimax_m2 minimax_m3_vl mistral4 mistral_large4 mixtral
  muse_spark olmoe phimoe qwen2_moe qwen3_5_moe qwen3_moe qwen3_next qwen3_omni_moe qwen4_exp solar_open step3p7
  unlimited_ocr zaya`
  .trim()
  .split(/\s+/);
/** Experts of DBRX, which lie one below the other in a matrix of two axes. */
export const expertRows: RegExp = /(^|\.)experts\.mlp\.(w1|v1|w2)$/;
/** Attention to another sequence: its projections are called as those of self-attention. */
export const crossAttentions: RegExp =
  /^(crossattention|cross_attn|encoder_attn|encoder_attention|EncDecAttention)$/;

/** Companions of quantised weights: packed values, scales and zero points. */
export const quantised: RegExp =
  /^(qweight|qzeros|scales|g_idx|SCB|absmax|nested_absmax|quant_map|nested_quant_map|quant_state.*|\w*_scales?(_inv|_2)?|\w*_zero_point|weight_(packed|shape)|\w+_blocks)$/;
/** Parameters without a layer that are matrices of one: torch's attention, CLIP's projections, ... */
export const bareProjections: RegExp =
  /^(\w*(proj(ection)?|qkv)|c_attn|c_fc|query|key|value|dense|fc\d)$/i;
/** Others outside of blocks, such as those of LSTM; `query` there is learned tokens. */
export const bareMatrices: RegExp =
  /^(weight|kernel)|_(weight|kernel)$|(proj(ection)?|qkv|^c_attn|^c_fc|^dense|^fc\d)$/i;
/** Several matrices `[in, out]` beside experts: the gates of RecurrentGemma, one for each head. */
export const stackedGates: RegExp = /(^|\.)rg_lru\.(input|recurrent)_gate$/;
/** Modules in blocks that are depthwise convolutions, whatever the order of their axes. */
export const convolutions: RegExp = /(^|\.)conv_?1d$/;

/** Tensors that are not the matrix of a layer, whatever their axes. */
export interface NotMatrix {
  /** Of a module on the way to the tensor, or of a parameter that is in no layer. */
  readonly names: RegExp;
  /** Of such parameters only. */
  readonly bare?: true;
  /** Said of each. */
  readonly reason: string;
}

const codebook = 'a codebook or indices of one, from which weights are made';

export const notMatrices: readonly NotMatrix[] = [
  {
    names:
      /^(masked_bias|inv_freq|position_ids|token_type_ids|rotary_emb|relative_position_index)$/,
    reason: 'a table that the model computes with, not the matrix of a layer',
  },
  {
    names: /^lora_((embedding_)?[AB]|[ab]|up|down|magnitude_vector)$/,
    reason: 'a factor of an adapter, not a weight of the model',
  },
  // Zamba 2 uses a block several times, each time with other low-rank changes.
  {
    names: /_adapter_list$/,
    reason: 'a factor of a low-rank change of shared weights, not the matrix of a layer',
  },
  // Swin, SAM, T5, BEiT and LayoutLM; the second makes its table of positions by a small network.
  {
    names: /^(rel_pos(_[hwxy])?(_bias)?|relative_position_\w*table)$/,
    reason: 'a table of relative positions',
  },
  { names: /^(cpb|continuous_position_bias)_mlp$/, reason: 'makes a table of relative positions' },
  // VPTQ, AQLM, and the quantizers of audio models.
  { names: /^((res_)?centroids|codebooks?|codevectors)$/, reason: codebook },
  { names: /^((res_)?indices|codes|perm)$/, bare: true, reason: codebook },
  {
    names: /^(weight_[gv]|original[01])$/,
    bare: true,
    reason: 'a direction or length of weights that are normalized, not the weights',
  },
  {
    names: /^(latents|query_tokens|cls_token|mask_token|register_tokens)$/,
    bare: true,
    reason: 'learned tokens, not the matrix of a layer',
  },
];

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
