/**
 * Names of projections in the families that are known, as data: whether a role is one of them, or nothing
 * but the name of a module. A family with other names adds a line.
 */
import type { WeightDescription } from '@alphalora/contracts/weights';

/** Modules' last names; of members of a list, the list's with `.*`. */
const families: Readonly<Record<string, string>> = {
  'Llama, Mistral, Qwen 2 and 3, Gemma, Phi-3, OLMo 2, StableLM, Cohere, Granite, GLM-4, gpt-oss':
    'q_proj k_proj v_proj o_proj qkv_proj gate_proj up_proj down_proj gate_up_proj',
  'mixtures of experts': 'w1 w2 w3 v1 wi wo input_linear output_linear output_proj gate',
  'Llama and Mistral as released': 'wq wk wv wo w1 w2 w3',
  'DeepSeek, MiniCPM 3, Kimi':
    'q_a_proj q_b_proj kv_a_proj_with_mqa kv_b_proj wq_b wk weights_proj eh_proj',
  'GPT-2, GPT-J, CodeGen, GPT-BigCode, StarCoder 2, Qwen 1':
    'c_attn q_attn c_proj c_fc c_fc2 out_proj fc_in fc_out w_1 w_2',
  'GPT-NeoX, Bloom, Falcon, Persimmon, ChatGLM':
    'query_key_value dense dense_h_to_4h dense_4h_to_h',
  'OPT, BART, Whisper, CLIP, SigLIP, Phi 1 and 2': 'fc1 fc2',
  'MPT, DBRX, ModernBERT, Nomic BERT': 'Wqkv Wi Wo fc11 fc12',
  'OLMo as released, InternLM 2, Baichuan': 'att_proj attn_out ff_proj ff_out wqkv W_pack',
  'BERT and its relatives, ViT, Swin':
    'query key value intermediate dense1 dense2 query_global key_global value_global in_proj pos_proj pos_q_proj pos_key_proj pos_query_proj query_proj key_proj value_proj',
  'DistilBERT, XLM': 'q_lin k_lin v_lin out_lin lin1 lin2',
  'ALBERT, ELECTRA': 'ffn ffn_output embeddings_project',
  'T5 and its relatives': 'q k v o wi_0 wi_1',
  'Mamba, Jamba, Falcon-H1, Zamba, Nemotron-H, RecurrentGemma':
    'x_proj dt_proj linear_x linear_y linear_out input_gate recurrent_gate',
  'linear attention: Qwen3-Next, Qwen3.5, Kimi, MiniMax':
    'in_proj_qkvz in_proj_ba in_proj_qkv in_proj_z in_proj_b in_proj_a g_proj b_proj f_a_proj f_b_proj g_a_proj g_b_proj output_gate',
  RWKV: 'receptance output r_proj lora.*',
  'Gemma 3n': 'per_layer_input_gate per_layer_projection linear_left linear_right modality_router',
  'vision towers: SAM, Qwen-VL, timm, DINOv2, InternViT':
    'qkv proj projection projection_layer w12 weights_in linear_fc1 linear_fc2 reduction linear1 linear2 sampling_offsets attention_weights',
  'wav2vec 2, HuBERT, Conformers':
    'intermediate_dense output_dense linear_q linear_k linear_v linear_pos relative_k_proj kv_proj pointwise_conv1 pointwise_conv2 conv',
  'diffusers: FLUX, Stable Diffusion, PixArt, Wan':
    'to_q to_k to_v to_out to_out.* to_kv to_add_out add_q_proj add_k_proj add_v_proj net.* proj_mlp proj_in proj_out linear linear_1 linear_2 time_emb_proj conv_shortcut',
  'FLUX and Stable Diffusion 3 as released': 'lin mlp.* img_mlp.* txt_mlp.* adaLN_modulation.*',
  'convolutional networks': 'conv1 conv2 conv3 convolution downsample.* pwconv1 pwconv2 layers.*',
};

const listed = new Set(Object.values(families).flatMap((names) => names.split(' ')));

/** Names that a note shows. */
const MOST = 5;

/** How the roles were decided that are in no table; nothing where all are. */
export function notesOnRoles(weights: readonly WeightDescription[]): string[] {
  const unknown = new Set<string>();
  for (const { kind, role, partOf } of weights) {
    if (kind === 'projection' && role !== undefined && partOf === undefined && !isListed(role)) {
      unknown.add(role);
    }
  }
  if (unknown.size === 0) return [];
  const shown = [...unknown].slice(0, MOST).join(', ');
  const more = unknown.size > MOST ? `, and ${unknown.size - MOST} more` : '';
  return [
    `the names of modules are taken for roles where no table of families has them (${shown}${more}): every matrix of a block counts as a projection`,
  ];
}

function isListed(role: string): boolean {
  const parts = role.split('.');
  const last = parts.at(-1)!;
  return listed.has(/^\d+$/.test(last) ? `${parts.at(-2)}.*` : last);
}
