/** Encoders, and models of an encoder and a decoder. */
import type { Family } from './family.js';

const embeddings = {
  token_embd: 'embeddings.word_embeddings',
  token_types: 'embeddings.token_type_embeddings',
  position_embd: 'embeddings.position_embeddings',
  token_embd_norm: 'embeddings.LayerNorm',
};

/** The layers of a block of T5, of which the feed-forward comes after one attention or two. */
const t5Inner = (feedForward: number): Record<string, string> => ({
  attn_norm: 'layer.0.layer_norm',
  attn_q: 'layer.0.SelfAttention.q',
  attn_k: 'layer.0.SelfAttention.k',
  attn_v: 'layer.0.SelfAttention.v',
  attn_o: 'layer.0.SelfAttention.o',
  attn_rel_b: 'layer.0.SelfAttention.relative_attention_bias',
  cross_attn_norm: 'layer.1.layer_norm',
  cross_attn_q: 'layer.1.EncDecAttention.q',
  cross_attn_k: 'layer.1.EncDecAttention.k',
  cross_attn_v: 'layer.1.EncDecAttention.v',
  cross_attn_o: 'layer.1.EncDecAttention.o',
  ffn_norm: `layer.${feedForward}.layer_norm`,
  ffn_gate: `layer.${feedForward}.DenseReluDense.wi_0`,
  ffn_up: `layer.${feedForward}.DenseReluDense.wi_1`,
  ffn_down: `layer.${feedForward}.DenseReluDense.wo`,
});

const t5: Family = {
  modelType: 't5',
  architecture: 'T5ForConditionalGeneration',
  outer: {
    token_embd: 'shared',
    'enc.output_norm': 'encoder.final_layer_norm',
    'dec.output_norm': 'decoder.final_layer_norm',
    output: 'lm_head',
  },
  blocks: 'decoder.block',
  inner: {},
  stacks: {
    enc: { blocks: 'encoder.block', inner: t5Inner(1) },
    dec: { blocks: 'decoder.block', inner: t5Inner(2) },
  },
  settings: { is_encoder_decoder: true },
};

/** By `general.architecture`. */
export const encoders: Readonly<Record<string, Family>> = {
  bert: {
    modelType: 'bert',
    architecture: 'BertModel',
    outer: embeddings,
    blocks: 'encoder.layer',
    inner: {
      attn_q: 'attention.self.query',
      attn_k: 'attention.self.key',
      attn_v: 'attention.self.value',
      attn_output: 'attention.output.dense',
      attn_output_norm: 'attention.output.LayerNorm',
      ffn_up: 'intermediate.dense',
      ffn_down: 'output.dense',
      layer_output_norm: 'output.LayerNorm',
    },
  },
  'nomic-bert': {
    modelType: 'nomic_bert',
    architecture: 'NomicBertModel',
    outer: { ...embeddings, token_embd_norm: 'emb_ln' },
    blocks: 'encoder.layers',
    inner: {
      attn_qkv: 'attn.Wqkv',
      attn_output: 'attn.out_proj',
      attn_output_norm: 'norm1',
      ffn_up: 'mlp.fc11',
      ffn_gate: 'mlp.fc12',
      ffn_down: 'mlp.fc2',
      layer_output_norm: 'norm2',
    },
  },
  'modern-bert': {
    modelType: 'modernbert',
    architecture: 'ModernBertModel',
    outer: {
      token_embd: 'embeddings.tok_embeddings',
      token_embd_norm: 'embeddings.norm',
      output_norm: 'final_norm',
    },
    blocks: 'layers',
    inner: {
      attn_norm: 'attn_norm',
      attn_qkv: 'attn.Wqkv',
      attn_output: 'attn.Wo',
      ffn_norm: 'mlp_norm',
      ffn_up: 'mlp.Wi',
      ffn_down: 'mlp.Wo',
    },
  },
  t5,
  t5encoder: { ...t5, architecture: 'T5EncoderModel', settings: {} },
};
