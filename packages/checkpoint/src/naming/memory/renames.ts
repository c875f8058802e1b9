/**
 * Where transformers 5 holds a matrix under another name than checkpoints have, as data: read in
 * `conversion_mapping.py` of transformers 5.24, which renames what it loads. Mostly what lies in a block and
 * the list that it is in: the modules around a list change from version to version, see `index.ts`.
 *
 * A family whose names follow one of these rules adds its classes to a row, by what they begin with.
 */

export interface Rename {
  /** Whole components of a name, `#` for any number, the same in memory. */
  readonly disk: string;
  /**
   * Several where one stored matrix becomes as many modules. One with `.weight` behind is a module although
   * what is stored is a parameter.
   */
  readonly memory: readonly string[];
}

export interface Renames {
  /** What the names of its classes begin with; absent: all. */
  readonly classes?: readonly string[];
  /** In the order in which they apply. */
  readonly names: readonly Rename[];
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** A line for each: `disk memory`, with commas between several in memory. */
const lines = (text: string): Rename[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [disk = '', memory = ''] = words(line);
      return { disk, memory: memory.split(',') };
    });

const feedForward = `
  intermediate.dense mlp.fc1
  output.dense mlp.fc2`;

/** Blocks of OpenCLIP. */
const residual = `
  resblocks.#.attn.in_proj_weight layers.#.self_attn.q_proj.weight,layers.#.self_attn.k_proj.weight,layers.#.self_attn.v_proj.weight
  resblocks.#.attn.out_proj layers.#.self_attn.out_proj
  resblocks.#.mlp.c_fc layers.#.mlp.fc1
  resblocks.#.mlp.c_proj layers.#.mlp.fc2`;

export const renames: readonly Renames[] = [
  // What transformers writes of this class.
  { classes: ['ViTMSNForImageClassification'], names: lines('encoder.layer vit.encoder.layer') },
  { classes: ['ViTMAEForPreTraining'], names: lines('decoder_encoder.layer decoder_layers') },
  {
    classes: words('ViT AST Beit DeiT IJepa Vivit Pixio ZoeDepth'),
    names: lines(`
      layer layers
      attention.attention.query attention.q_proj
      attention.attention.key attention.k_proj
      attention.attention.value attention.v_proj
      attention.output.dense attention.o_proj
      ${feedForward}`),
  },
  {
    classes: words('Dinov2 LwDetr DepthPro RfDetr DepthAnything PromptDepthAnything'),
    names: lines(`
      attention.attention.query attention.q_proj
      attention.attention.key attention.k_proj
      attention.attention.value attention.v_proj
      attention.output.dense attention.o_proj
      mlp.weights_in mlp.gate_proj,mlp.up_proj
      mlp.weights_out mlp.down_proj`),
  },
  { classes: ['LwDetr'], names: lines('attention.output attention.o_proj') },
  {
    classes: words('SwinModel SwinFor SwinBackbone Mask2Former GroundingDino MMGroundingDino'),
    names: lines(`
      blocks.#.attention.self.query blocks.#.attention.q_proj
      blocks.#.attention.self.key blocks.#.attention.k_proj
      blocks.#.attention.self.value blocks.#.attention.v_proj
      blocks.#.attention.output.dense blocks.#.attention.o_proj
      blocks.#.intermediate.dense blocks.#.mlp.fc1
      blocks.#.output.dense blocks.#.mlp.fc2`),
  },
  // The usual encoder beside a decoder for text, whose blocks are called otherwise.
  {
    classes: ['VisionEncoderDecoder'],
    names: lines(`
      encoder.encoder.layer.#.attention.attention.query encoder.layers.#.attention.q_proj
      encoder.encoder.layer.#.attention.attention.key encoder.layers.#.attention.k_proj
      encoder.encoder.layer.#.attention.attention.value encoder.layers.#.attention.v_proj
      encoder.encoder.layer.#.attention.output.dense encoder.layers.#.attention.o_proj
      encoder.encoder.layer.#.intermediate.dense encoder.layers.#.mlp.fc1
      encoder.encoder.layer.#.output.dense encoder.layers.#.mlp.fc2`),
  },
  { classes: words('RTDetr PPDocLayout'), names: lines('encoder.encoder.# encoder.aifi.#') },
  {
    classes: ['RfDetr'],
    names: lines(`
      self_attn.in_proj_weight self_attn.q_proj.weight,self_attn.k_proj.weight,self_attn.v_proj.weight
      self_attn.out_proj self_attn.o_proj
      layers.#.linear1 layers.#.mlp.fc1
      layers.#.linear2 layers.#.mlp.fc2`),
  },
  {
    classes: words('Detr ConditionalDetr DeformableDetr RTDetr MaskFormer PPDocLayout'),
    names: lines(`
      self_attn.out_proj self_attn.o_proj
      encoder_attn.out_proj encoder_attn.o_proj
      layers.#.fc1 layers.#.mlp.fc1
      layers.#.fc2 layers.#.mlp.fc2`),
  },
  {
    classes: ['Segformer'],
    names: lines(`
      block.#.# stages.#.blocks.#
      attention.self.query attention.q_proj
      attention.self.key attention.k_proj
      attention.self.value attention.v_proj
      attention.self.sr attention.sequence_reduction.sequence_reduction
      attention.output.dense attention.o_proj
      mlp.dense1 mlp.fc1
      mlp.dense2 mlp.fc2`),
  },
  { classes: words('Step3p Tipsv2'), names: lines(residual) },
  {
    classes: ['Tipsv2'],
    names: lines(`
      blocks.#.attn.qkv layer.#.attention.q_proj,layer.#.attention.k_proj,layer.#.attention.v_proj
      blocks.#.attn.proj layer.#.attention.o_proj
      blocks.#.mlp.c_fc layer.#.mlp.fc1
      blocks.#.mlp.c_proj layer.#.mlp.fc2`),
  },
  {
    classes: ['Step3p'],
    names: lines(`
      moe.gate_proj mlp.experts.gate_up_proj
      moe.up_proj mlp.experts.gate_up_proj
      moe.down_proj mlp.experts.down_proj
      share_expert mlp.shared_experts`),
  },
  {
    classes: ['Sapiens2'],
    names: lines(`
      blocks layer
      attn.wq attention.q_proj
      attn.wk attention.k_proj
      attn.wv attention.v_proj
      attn.proj attention.o_proj
      ffn.w12 mlp.gate_proj,mlp.up_proj
      ffn.w3 mlp.down_proj`),
  },
  {
    classes: ['CohereAsr'],
    names: lines(`
      transf_decoder._decoder decoder
      first_sub_layer.query_net self_attn.q_proj
      first_sub_layer.key_net self_attn.k_proj
      first_sub_layer.value_net self_attn.v_proj
      first_sub_layer.out_projection self_attn.o_proj
      second_sub_layer.query_net encoder_attn.q_proj
      second_sub_layer.key_net encoder_attn.k_proj
      second_sub_layer.value_net encoder_attn.v_proj
      second_sub_layer.out_projection encoder_attn.o_proj
      third_sub_layer.dense_in mlp.fc1
      third_sub_layer.dense_out mlp.fc2
      self_attn.linear_q self_attn.q_proj
      self_attn.linear_k self_attn.k_proj
      self_attn.linear_v self_attn.v_proj
      self_attn.linear_out self_attn.o_proj
      self_attn.linear_pos self_attn.relative_k_proj`),
  },
  {
    classes: ['PI0'],
    names: lines(`
      paligemma_with_expert.gemma_expert.model dit
      paligemma_with_expert.paligemma.model.language_model.model vlm.model.language_model`),
  },
  {
    classes: ['Dots3NoteAudio'],
    names: lines(`
      self_attn.out_proj self_attn.o_proj
      layers.#.fc1 layers.#.mlp.gate_up_proj
      layers.#.fc2 layers.#.mlp.down_proj`),
  },
  {
    classes: ['GradiumPhonon'],
    names: lines(`
      self_attn.in_proj self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      self_attn.out_proj self_attn.o_proj
      layers.#.linear1 layers.#.mlp.fc1
      layers.#.linear2 layers.#.mlp.fc2`),
  },
  {
    classes: ['UnlimitedOcr'],
    names: lines('self_attn.qkv_proj self_attn.q_proj,self_attn.k_proj,self_attn.v_proj'),
  },
  {
    classes: ['Cosmos3'],
    names: lines(`
      self_attn.to_q self_attn.q_proj
      self_attn.to_k self_attn.k_proj
      self_attn.to_v self_attn.v_proj
      self_attn.to_out self_attn.o_proj`),
  },
  {
    classes: ['Cosmos3Edge'],
    names: lines(`
      mlp.up_proj mlp.fc1
      mlp.down_proj mlp.fc2`),
  },
  { classes: ['Kimi_K25'], names: lines('blocks layers') },
  { classes: ['T5Gemma2'], names: lines('encoder.layers encoder.text_model.layers') },
  {
    classes: ['MistralLarge4'],
    names: lines(`
      attention self_attn
      self_attn.wkv_a_with_mqa self_attn.kv_a_proj_with_mqa
      self_attn.wkv_b self_attn.kv_b_proj
      self_attn.wq_a self_attn.q_a_proj
      self_attn.wq_b self_attn.q_b_proj
      self_attn.wq self_attn.q_proj
      self_attn.wo self_attn.o_proj
      feed_forward.w1 mlp.gate_proj
      feed_forward.w2 mlp.down_proj
      feed_forward.w3 mlp.up_proj
      shared_experts.w1 mlp.shared_experts.gate_proj
      shared_experts.w2 mlp.shared_experts.down_proj
      shared_experts.w3 mlp.shared_experts.up_proj`),
  },
  {
    classes: ['Ernie4_5_VL'],
    names: lines(`
      mlp.gate.weight_1 mlp.vision_moe.gate.weight
      mlp.gate mlp.text_moe.gate`),
  },
  {
    classes: ['Radio'],
    names: lines(`
      blocks layer
      attn.qkv attention.q_proj,attention.k_proj,attention.v_proj
      attn.proj attention.o_proj`),
  },
  {
    classes: ['TimesFm2_5'],
    names: lines(`
      ff0 fc1
      ff1 fc2`),
  },
  {
    classes: ['Exaone'],
    names: lines(`
      h.#.attn.attention layers.#.self_attn
      self_attn.out_proj self_attn.o_proj
      h.#.mlp.c_fc_0 layers.#.mlp.gate_proj
      h.#.mlp.c_fc_1 layers.#.mlp.up_proj
      h.#.mlp.c_proj layers.#.mlp.down_proj`),
  },
  {
    classes: ['NomicBert'],
    names: lines(`
      attn.Wqkv self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      attn.out_proj self_attn.o_proj
      mlp.fc11 mlp.up_proj
      mlp.fc12 mlp.gate_proj
      mlp.fc2 mlp.down_proj`),
  },
  {
    classes: words('Gte New'),
    names: lines(`
      layer layers
      attention.qkv_proj self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      attention.o_proj self_attn.o_proj
      mlp.up_gate_proj mlp.up_proj,mlp.gate_proj`),
  },
  {
    classes: ['JinaEmbeddingsV3'],
    names: lines(`
      mixer.Wqkv self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      mixer.out_proj self_attn.o_proj`),
  },
  { classes: ['AltCLIP'], names: lines('layer layers') },
  {
    classes: words('BailingHybrid SarvamMoe'),
    names: lines(`
      attention.dense self_attn.o_proj
      attention.query_key_value self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      attention.f_proj self_attn.forget_gate.f_proj
      attention self_attn`),
  },
  {
    classes: ['Molmo2'],
    names: lines(`
      blocks layers
      self_attn.att_proj self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      self_attn.attn_out self_attn.o_proj
      mlp.ff_proj mlp.up_proj,mlp.gate_proj
      mlp.ff_out mlp.down_proj`),
  },
  {
    classes: ['Hrm'],
    names: lines(`
      attn.gqkv_proj self_attn.gate_proj,self_attn.q_proj,self_attn.k_proj,self_attn.v_proj
      attn.o_proj self_attn.o_proj
      mlp.gate_up_proj mlp.gate_proj,mlp.up_proj`),
  },
  {
    classes: words('KimiLinear Glm5Next'),
    names: lines(`
      self_attn.f_a_proj self_attn.forget_gate.f_a_proj
      self_attn.f_b_proj self_attn.forget_gate.f_b_proj`),
  },
  { classes: ['HYV3'], names: lines('mlp.shared_mlp mlp.shared_experts') },
  { classes: ['HYV4'], names: lines('linear_gate gate_proj') },
  { classes: ['Laguna'], names: lines('mlp.shared_expert mlp.shared_experts') },
  { classes: ['Lfm3'], names: lines('self_attn.gate_proj self_attn.g_proj') },
  {
    classes: ['AXK2'],
    names: lines(`
      self_attn.q_b_proj self_attn.q_gate_proj
      W_down mlp.fc1
      W_up mlp.fc2`),
  },
  {
    classes: ['LaraMini'],
    names: lines(
      'linear_attn.in_proj linear_attn.in_proj_qkv,linear_attn.in_proj_z,linear_attn.in_proj_b,linear_attn.in_proj_a',
    ),
  },
  {
    classes: ['Inkling2'],
    names: lines(`
      attn.wq_du self_attn.q_proj.linear
      attn.wk_dv self_attn.k_proj.linear
      attn.wv_dv self_attn.v_proj.linear
      attn.wo_ud self_attn.o_proj.linear
      attn.gate_attn self_attn.o_proj.gate_proj
      attn.wr_du self_attn.relative_position_bias.linear
      attn.attn_sink_proj self_attn.sink_proj
      attn.rel_logits_proj self_attn.relative_position_bias
      attn.k_sconv.weight_proj self_attn.k_proj.sconv.weight_proj.weight
      attn.v_sconv.weight_proj self_attn.v_proj.sconv.weight_proj.weight`),
  },
  { classes: ['Dory'], names: lines('self_attn.g_proj self_attn.gate_proj') },
  {
    classes: ['DeepseekV4'],
    names: lines(`
      attn.indexer.compressor self_attn.compressor.indexer
      attn.indexer.weights_proj self_attn.compressor.indexer.scorer.weights_proj
      attn.indexer self_attn.compressor.indexer
      attn self_attn
      ffn mlp
      wq_a q_a_proj
      wq_b q_b_proj
      wkv kv_proj
      wgate gate_proj
      wo_a o_a_proj
      wo_b o_b_proj
      shared_experts.w1 shared_experts.gate_proj
      shared_experts.w2 shared_experts.down_proj
      shared_experts.w3 shared_experts.up_proj`),
  },
  {
    classes: words('GraniteMoe'),
    names: lines(`
      block_sparse_moe.input_linear block_sparse_moe.experts.gate_up_proj
      block_sparse_moe.output_linear block_sparse_moe.experts.down_proj`),
  },
  {
    classes: ['Aria'],
    names: lines(`
      experts.fc1 experts.gate_up_proj
      experts.fc2 experts.down_proj`),
  },
  {
    classes: ['Inkling'],
    names: lines(`
      experts.w13_weight experts.gate_up_proj
      experts.w2_weight experts.down_proj
      shared_w13_weight gate_proj,up_proj
      shared_w2_weight down_proj
      mlp.w13_dn mlp.gate_proj,mlp.up_proj
      mlp.w2_md mlp.down_proj
      attn.wq_du self_attn.q_proj
      attn.wk_dv self_attn.k_proj
      attn.wv_dv self_attn.v_proj
      attn.wr_du self_attn.r_proj
      attn.wo_ud self_attn.o_proj
      attn.rel_logits_proj self_attn.rel_logits_proj`),
  },
  // Experts without a gate keep the name.
  { classes: ['Nemotron'], names: lines('experts.#.up_proj experts.up_proj') },
  // Of all: Mixtral's mixture is called as the others, and the experts of a block are one tensor.
  {
    names: lines(`
      block_sparse_moe.experts.# mlp.experts.#
      block_sparse_moe.shared_experts mlp.shared_experts
      experts.#.gate_proj experts.gate_up_proj
      experts.#.up_proj experts.gate_up_proj
      experts.#.w1 experts.gate_up_proj
      experts.#.w3 experts.gate_up_proj
      experts.#.down_proj experts.down_proj
      experts.#.w2 experts.down_proj`),
  },
  // Its dense maps are held like its experts.
  {
    classes: ['MiniMaxM3'],
    names: lines(`
      shared_experts.gate_proj shared_experts.gate_up_proj
      shared_experts.up_proj shared_experts.gate_up_proj
      mlp.gate_proj mlp.gate_up_proj
      mlp.up_proj mlp.gate_up_proj
      self_attn.index_q_proj self_attn.indexer.q_proj
      self_attn.index_k_proj self_attn.indexer.k_proj`),
  },
];

/** What tells a tensor of all experts of a block from a module. */
export const expertTensors: RegExp = /(^|\.)experts\.(gate_up_proj|up_proj|down_proj)$/;
