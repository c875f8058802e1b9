/** Names and shapes as the modeling code of each family and published checkpoints have them. */
import { describe, expect, it } from 'vitest';
import { identify } from './index.js';

const layer = 'model.layers.0';

describe('what is not the matrix of a layer is said to be that', () => {
  it.each<[string, number[], RegExp]>([
    // State-space models: Mamba, Jamba, Falcon-H1; kernels also in the order of MLX and GGUF
    [`${layer}.mamba.A_log`, [128, 16], /A_log/],
    [`${layer}.mamba.conv1d.weight`, [128, 1, 4], /depthwise/],
    [`${layer}.mamba.conv1d.weight`, [128, 4, 1], /depthwise/],
    [`${layer}.mamba.conv1d.weight`, [128, 4], /depthwise/],
    [`${layer}.temporal_block.conv_1d.weight`, [128, 1, 4], /depthwise/],
    // RWKV 4 to 7
    ['rwkv.blocks.0.attention.time_maa_w1', [64, 160], /time_maa_w1/],
    ['rwkv.blocks.0.attention.time_decay_w1', [64, 64], /time_decay_w1/],
    ['rwkv.blocks.0.attention.time_faaaa', [4, 16], /time_faaaa/],
    ['rwkv.blocks.0.attention.time_mix_key', [1, 1, 64], /time_mix_key/],
    ['blocks.0.att.time_maa_w2', [5, 32, 64], /time_maa_w2/],
    ['blocks.0.att.w1', [64, 32], /w1/],
    // Positions: Swin, Swin 2, SAM
    ['swin.encoder.layers.0.blocks.0.attention.self.relative_position_bias_table', [49, 4], /posi/],
    ['encoder.layers.0.blocks.0.attention.self.relative_position_index', [49, 49], /table/],
    ['encoder.layers.0.blocks.0.attn.cpb_mlp.0.weight', [512, 2], /positions/],
    [
      'swinv2.encoder.layers.0.blocks.0.attention.self.continuous_position_bias_mlp.0.weight',
      [512, 2],
      /posi/,
    ],
    ['model.sam_model.blocks.0.attn.rel_pos_h', [27, 16], /positions/],
    // Masks and buffers
    ['transformer.h.0.attn.bias', [1, 1, 32, 32], /mask/],
    ['bert.embeddings.position_ids', [1, 32], /table/],
    // Biases of experts, gains of heads
    [`${layer}.mlp.experts.gate_up_proj_bias`, [4, 256], /biases/],
    [`${layer}.self_attn.q_norm.weight`, [4, 16], /norms/],
    // Weights that are made of other tensors
    [`${layer}.mlp.up_proj.codebooks`, [1, 256, 1, 8], /codebook/],
    [`${layer}.mlp.up_proj.codes`, [128, 8, 1], /codebook/],
    [`${layer}.self_attn.q_proj.centroids.weight`, [1, 512], /codebook/],
    [`${layer}.self_attn.q_proj.res_centroids.weight`, [64, 64], /codebook/],
    [`${layer}.self_attn.q_proj.indices`, [1, 8, 64], /codebook/],
    ['quantizer.codevectors', [1, 640, 384], /codebook/],
    ['wav2vec2.encoder.pos_conv_embed.conv.weight_v', [64, 4, 8], /direction/],
    ['encoder.pos_conv_embed.conv.parametrizations.weight.original1', [64, 4, 8], /direction/],
    [`${layer}.self_attn.q_proj.scales`, [16, 256], /quantized/],
    [`${layer}.mlp.gate_proj.weight_scale`, [256, 16], /quantized/],
    // Adapters in a base: Phi-4-multimodal
    [`${layer}.self_attn.qkv_proj.lora_A.vision.weight`, [8, 64], /adapter/],
    [`${layer}.self_attn.qkv_proj.lora_B.speech.weight`, [128, 8], /adapter/],
    [`${layer}.self_attn.q_proj.lora_a`, [64, 8], /adapter/],
    [`${layer}.self_attn.q_proj.lora_down.weight`, [8, 64], /adapter/],
    ['qformer.query_tokens', [32, 64], /tokens/],
    // Zamba 2: what a shared block is changed by, each time that it is used
    [
      `${layer}.shared_transformer.feed_forward.gate_up_proj_adapter_list.3.1.weight`,
      [256, 16],
      /low-rank change/,
    ],
    // Outside of blocks: LayoutLMv3, PatchTST, Aria, Kosmos-2, DeepSeek-V4, SAM 2
    ['encoder.rel_pos_bias.weight', [4, 32], /relative positions/],
    ['encoder.rel_pos_x_bias.weight', [4, 64], /relative positions/],
    ['encoder.positional_encoder.position_enc', [32, 64], /its own \(position_enc\)/],
    ['multi_modal_projector.query', [256, 64], /its own \(query\)/],
    ['image_to_text_projection.latent_query', [64, 64], /its own/],
    ['model.hc_head.hc_fn', [4, 256], /its own/],
    ['model.rope_freqs', [64, 64], /its own/],
    ['vision_encoder.backbone.pos_embed_window', [1, 64, 8, 8], /its own/],
  ])('%s %j', (name, shape, reason) => {
    const { notMatrix, kind } = identify(name, shape);
    expect(notMatrix).toMatch(reason);
    expect(['other', 'bias', 'norm']).toContain(kind);
  });
});

describe('what is one is taken for one', () => {
  it.each<[string, number[], string, object?]>([
    // Gates: of RWKV's attention, a square matrix; of mixtures, with a row for each expert
    ['rwkv.blocks.0.attention.gate.weight', [64, 64], 'projection'],
    ['blocks.0.att.gate.weight', [64, 64], 'projection'],
    [`${layer}.mlp.gate.weight`, [8, 64], 'router'],
    [`${layer}.mlp.gate.weight`, [256, 64], 'projection'],
    [`${layer}.self_attention.experts.router.layer.weight`, [8, 64], 'router'],
    [`${layer}.feed_forward.router.weight`, [2, 64], 'router'],
    ['transformer.blocks.0.ffn.router.layer.weight', [4, 64], 'router'],
    ['encoder.layers.0.attention.output.conv1d.weight', [768, 192, 1], 'projection'],
    ['head.weight', [96, 64], 'head'],
    ['text_model.head.weight', [96, 64], 'other'],
    ['embed_out.weight', [96, 64], 'head'],
    ['encoder.pos_emb.weight', [96, 64], 'embedding'],
    ['emb.weight', [96, 64], 'embedding'],
    ['embed_timestep.weight', [96, 64], 'embedding'],
    [`${layer}.attn.rel_pos_emb.weight`, [96, 64], 'embedding'],
    ['x_embedder.weight', [64, 64], 'other'],
    ['transformer.output_layer.weight', [96, 64], 'head'],
    ['model.transformer.ff_out.weight', [96, 64], 'head'],
    // Parameters of torch's attention and of CLIP
    ['transformer.resblocks.0.attn.in_proj_weight', [192, 64], 'projection'],
    ['visual_projection.weight', [64, 64], 'other'],
    ['text_projection', [64, 64], 'other'],
    ['visual.proj', [64, 64], 'other'],
    ['rnn.weight_hh_l0', [256, 64], 'other'],
    ['w', [64, 64], 'other'],
    // Fuyu's linear map of patches
    ['vision_embed_tokens.weight', [64, 2700], 'other'],
    // Embeddings outside of blocks: SAM, Qwen2.5-Omni, CTRL, UDOP, Bark
    ['mask_decoder.mask_tokens.weight', [4, 64], 'embedding'],
    ['audio_tower.audio_bos_eos_token.weight', [2, 64], 'embedding'],
    ['transformer.w.weight', [200, 64], 'embedding'],
    ['decoder.embed_patches.proj.weight', [64, 3, 14, 14], 'embedding'],
    ['fine_acoustics.input_embeds_layers.3.weight', [1056, 64], 'embedding'],
    ['bert.pooler.dense.weight', [64, 64], 'other'],
    ['resampler.attn.in_proj_weight', [192, 64], 'other'],
  ])('%s %j is a %s', (name, shape, kind) => {
    const identity = identify(name, shape);
    expect(identity.kind).toBe(kind);
    expect(identity.notMatrix).toBeUndefined();
  });
});

it.each([
  ['model.layers.0.self_attn.qkv_proj.lora_A.vision.weight', 'qkv_proj'],
  ['transformer.resblocks.0.attn.in_proj_weight', 'in_proj'],
  ['transformer.resblocks.0.attn.in_proj_bias', 'in_proj'],
  ['model.layers.0.linear_attn.dt_bias', 'dt_bias'],
  ['encoder.stages.1.downsampling_layer.1.weight', 'downsampling_layer'],
  [
    'model.layers.1.feed_forward.gate_up_proj_adapter_list.3.1.weight',
    'gate_up_proj_adapter_list.3.1',
  ],
])('%s has the role %s', (name, role) => {
  expect(identify(name, [64, 64]).role).toBe(role);
});

it('takes the gates of RecurrentGemma for the projections that they are, one of each head', () => {
  // `torch.baddbmm(bias, x, weight)`, with x of [heads, tokens, in].
  for (const gate of ['input_gate', 'recurrent_gate']) {
    const name = `${layer}.temporal_block.rg_lru.${gate}_weight`;
    expect(identify(name, [4, 16, 16])).toEqual({
      ...{ block: 0, role: gate, kind: 'projection' },
      ...{ stacked: true, inputFirst: true },
    });
  }
});
