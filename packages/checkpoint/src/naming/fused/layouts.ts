/**
 * The fused projections of model families, as data. Where transformers has the family, as
 * `models/<family>/modeling_<family>.py` takes the outputs apart; else as the code in the model's own
 * repository does. A family that has the names of another adds its `model_type` to a row.
 */
import { flagSetting, type ModelConfig, sizeSetting } from '../config.js';
import { outputFirstExperts } from '../tables.js';
import * as order from './orders.js';

export interface FusedLayout {
  /** Matched against the module's path in the model. */
  readonly path: RegExp;
  /**
   * `model_type` values of config.json, without the part of a multimodal model. Absent: all; none: where
   * nothing tells the family.
   */
  readonly families?: readonly string[];
  /** What has to hold of the configuration, and of the number of outputs. */
  readonly where?: (config: ModelConfig, size: number) => boolean;
  /** Of matrices that are `[in, out]` only. */
  readonly inputFirst?: true;
  /** Of torch's attention only, whose parameter is `in_proj_weight`. */
  readonly bare?: true;
  /** In the order in which they lie. */
  readonly labels: readonly string[];
  readonly order: order.Order;
}

const words = (text: string): string[] => text.trim().split(/\s+/);
const flag =
  (name: string) =>
  (config: ModelConfig): boolean =>
    flagSetting(config, name);

const qkv = ['q', 'k', 'v'];
const kv = ['k', 'v'];
const gateUp = ['gate', 'up'];
const upGate = ['up', 'gate'];

const gpt2Like = words('gpt2 openai-gpt imagegpt decision_transformer');
const cAttn = { path: /(^|\.)c_attn$/, labels: qkv };
const queryKeyValue = { path: /(^|\.)query_key_value$/, labels: qkv };
const qkvProj = { path: /(^|\.)qkv_proj$/, labels: qkv };

/** The first that applies is taken. */
export const layouts: readonly FusedLayout[] = [
  // Attention
  { path: /(^|\.)crossattention\.c_attn$/, families: gpt2Like, labels: kv, order: order.equal },
  // The shape alone tells a Conv1D.
  { ...cAttn, inputFirst: true, order: order.equal },
  { ...cAttn, families: [...gpt2Like, 'qwen'], order: order.equal },
  { ...cAttn, families: ['gpt_bigcode'], where: flag('multi_query'), order: order.oneKey },
  { ...cAttn, families: ['gpt_bigcode'], order: order.byHead },
  {
    ...queryKeyValue,
    families: words('gpt_neox gpt_neox_japanese bloom persimmon fuyu'),
    order: order.byHead,
  },
  {
    ...{ ...queryKeyValue, families: ['falcon'], order: order.byKey },
    where: flag('new_decoder_architecture'),
  },
  { ...queryKeyValue, families: ['falcon'], where: flag('multi_query'), order: order.oneKey },
  { ...queryKeyValue, families: ['falcon'], order: order.byHead },
  {
    ...{ ...queryKeyValue, families: ['chatglm'], order: order.together },
    where: flag('multi_query_attention'),
  },
  { ...queryKeyValue, families: ['chatglm'], order: order.byHead },
  { ...queryKeyValue, families: words('bailing_moe bailing_moe_v2'), order: order.together },
  {
    ...qkvProj,
    families: words('phi3 phi3_v phi4mm phi4_multimodal'),
    order: order.together,
  },
  // Groups of queries, values and keys, in this order.
  { ...qkvProj, families: ['codegen'], labels: ['q', 'v', 'k'], order: order.fourGroups },
  { ...qkvProj, families: ['minimax'], order: order.byHead },
  // GTE, and the CLIP beside the text model of DeepSeek-OCR.
  {
    ...{ ...qkvProj, order: order.equal },
    families: words('gte new DeepseekOCR deepseek_ocr unlimited_ocr'),
  },
  {
    ...{ path: /(^|\.)gqkv_proj$/, labels: ['gate', ...qkv], order: order.equal },
    families: ['hrm'],
  },
  { path: /(^|\.)wqkv$/, families: ['internlm2'], labels: qkv, order: order.byKey },
  { path: /(^|\.)wqkv$/, families: words('kimi_k25 kimi_vl'), labels: qkv, order: order.equal },
  { path: /(^|\.)W_pack$/, families: ['baichuan'], labels: qkv, order: order.equal },
  { path: /(^|\.)Wqkv$/, families: words('mpt dbrx'), labels: qkv, order: order.together },
  {
    ...{ path: /(^|\.)Wqkv$/, labels: qkv, order: order.equal },
    families: words('modernbert nomic_bert jina_embeddings_v3 phi-msft mixformer-sequential'),
  },
  {
    ...{ path: /(^|\.)att_proj$/, labels: qkv, order: order.together },
    families: words('olmo hf_olmo molmo molmo2'),
  },
  {
    ...{ path: /(^|\.)qkv$/, labels: qkv, order: order.equal },
    families: words(`
      timm vit dinov2 swin sam sam2 sam_hq vitdet hiera florence2 florence seggpt slanext timesformer mgp-str
      blip blip-2 blip_2 instructblip instructblipvideo intern_vit_6b internvl_chat radio qianfan_ocr tipsv2
      qwen2_vl qwen2_5_vl qwen3_vl qwen3_vl_moe qwen3_omni_moe qwen3_5 qwen3_5_moe qwen4_exp
      glm4v glm4v_moe glm5_next glm_image glm_ocr ernie4_5_vl_moe cohere_compass dots3_note
      got_ocr2 pp_formulanet DeepseekOCR deepseek_ocr deepseek_ocr2 unlimited_ocr flux sd3`),
  },
  // FLUX's blocks of one stream, in which attention and the feed-forward part are side by side.
  {
    ...{ path: /(^|\.)single_blocks\.\d+\.linear1$/, families: ['flux'], labels: [...qkv, 'mlp'] },
    order: order.withFeedForward,
  },
  { path: /(^|\.)qkv_linear$/, families: ['layoutlmv2'], labels: qkv, order: order.equal },
  { path: /(^|\.)in_proj$/, bare: true, labels: qkv, order: order.equal },
  { path: /(^|\.)self\.in_proj$/, families: ['deberta'], labels: qkv, order: order.byHead },
  {
    ...{ path: /(^|\.)in_proj_qkvz$/, families: ['qwen3_next'], labels: [...qkv, 'z'] },
    order: order.keysWithValuesAndGates,
  },
  {
    ...{ path: /(^|\.)in_proj_ba$/, families: ['qwen3_next'], labels: ['b', 'a'] },
    order: order.numbersOfValues,
  },
  {
    ...{ path: /(^|\.)self_attn\.q_proj$/, labels: ['q', 'gate'], order: order.queriesWithGates },
    ...{ families: words('qwen3_next qwen3_5 qwen3_5_moe qwen4_exp'), where: isGated },
  },
  {
    ...{ path: /(^|\.)in_proj_qkv$/, labels: qkv, order: order.linearTogether },
    families: words('qwen3_5 qwen3_5_moe qwen4_exp lara_mini'),
  },
  { path: /(^|\.)kv_proj$/, families: ['jetmoe'], labels: kv, order: order.equal },
  {
    ...{ path: /(^|\.)to_kv$/, labels: kv, order: order.equal },
    families: words('granite_speech granite_speech_plus evolla'),
  },

  // Gated feed-forward parts: the half that the activation is applied to is the gate.
  { path: /(^|\.)gate_up_proj$/, families: ['gpt_oss'], labels: gateUp, order: order.turns },
  {
    ...{ path: /(^|\.)feed_forward_(in|out)\.gate_up_proj$/, labels: upGate, order: order.equal },
    families: ['phi4_multimodal'],
  },
  {
    ...{ path: /(^|\.)gate_up_proj$/, labels: gateUp, order: order.equal },
    families: [
      ...outputFirstExperts,
      ...words(
        'aria dia esmfold2 glm glm4 glm4v glm_image glm_ocr hrm llama4 openai_privacy_filter',
      ),
      ...words('phi3 phi3_v phi4mm phi4_multimodal qwen3_vl_moe zamba2'),
    ],
  },
  // Of these, gpt-oss alone differs, which its names tell.
  {
    ...{ path: /(^|\.)gate_up_proj$/, labels: gateUp, order: order.equal },
    families: [],
  },
  {
    ...{ path: /(^|\.)input_linear$/, labels: gateUp, order: order.equal },
    families: words('granitemoe granitemoe_swa granitemoehybrid granitemoeshared jetmoe'),
  },
  {
    ...{ path: /(^|\.)Wi$/, labels: gateUp, order: order.equal },
    families: words('modernbert modernbert-decoder'),
  },
  {
    ...{ path: /(^|\.)(weights_in|w12)$/, labels: gateUp, order: order.equal },
    families: words('dinov2 dinov2_with_registers sapiens2 tipsv2'),
  },
  {
    ...{ path: /(^|\.)ff_proj$/, labels: upGate, order: order.equal },
    families: words('olmo hf_olmo molmo molmo2'),
  },
  { path: /(^|\.)up_gate_proj$/, families: words('gte new'), labels: upGate, order: order.equal },
  {
    ...{ path: /(^|\.)ff\.net\.0\.proj$/, labels: upGate, order: order.equal },
    families: words('UNet2DConditionModel ControlNetModel'),
  },
  {
    ...{ path: /(^|\.)dense_h_to_4h$/, families: ['chatglm'], where: isTwice },
    ...{ labels: gateUp, order: order.equal },
  },
];

/** Whether there are two outputs for each of the feed-forward part's: ChatGLM 2 and later, not the first. */
function isTwice(config: ModelConfig, size: number): boolean {
  return size === 2 * (sizeSetting(config, 'ffn_hidden_size', 'intermediate_size') ?? 0);
}

/** Whether each head has two outputs for each of its query's: the other is that of the gate. */
function isGated(config: ModelConfig, size: number): boolean {
  const [heads = 0, headSize = 0] = ['num_attention_heads', 'head_dim'].map((name) =>
    sizeSetting(config, name),
  );
  return size > 0 && size === 2 * heads * headSize;
}

/** Names that fused projections have, whatever the family. */
const fused =
  /(^|\.)(\w*[qQ][kK][vV]\w*|query_key_value|key_value|kv|to_kv|c_attn|W_pack|att_proj|ff_proj|gate_up\w*|up_gate\w*|w1[23](_weight)?|Wi|weights_in|in_proj_ba)$|att\w*(\.self)?\.in_proj$/;

/** Whether a module is a fused projection, of whatever layout. */
export function isFused(path: string, config: ModelConfig, size: number): boolean {
  return fused.test(path) || (/(^|\.)dense_h_to_4h$/.test(path) && isTwice(config, size));
}
