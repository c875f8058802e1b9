/**
 * GPT-NeoX (Black et al., arXiv:2204.06745), which Pythia is: a part of each head rotated, layer normalisation,
 * queries, keys and values in one projection, head by head, and the feed-forward layer beside attention.
 */
import * as v from 'valibot';
import type { BlockConfig, DecoderConfig, ProjectionPart } from '../config.js';
import { tokensOf } from './like-llama.js';
import {
  activationOf,
  blocks,
  invalid,
  parseSettings,
  positive,
  size,
  specialTokens,
  unsupported,
} from './settings.js';

const share = v.pipe(positive, v.maxValue(1));
const rope = v.looseObject({
  rope_type: v.optional(v.string()),
  type: v.optional(v.string()),
  rope_theta: v.optional(positive),
  partial_rotary_factor: v.optional(share),
});
const schema = v.looseObject({
  model_type: v.string(),
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: blocks,
  num_attention_heads: size,
  vocab_size: size,
  max_position_embeddings: size,
  layer_norm_eps: v.optional(positive),
  /** The name in GGUF. */
  layer_norm_epsilon: v.optional(positive),
  hidden_act: v.optional(v.string(), 'gelu'),
  rotary_pct: v.optional(share),
  partial_rotary_factor: v.optional(share),
  rotary_emb_base: v.optional(positive),
  rope_theta: v.optional(positive),
  rope_scaling: v.nullish(rope),
  rope_parameters: v.nullish(rope),
  attention_bias: v.optional(v.boolean(), true),
  use_parallel_residual: v.optional(v.boolean(), true),
  tie_word_embeddings: v.optional(v.boolean(), false),
  ...specialTokens,
});

/** @throws AlphaLoraError as `decoderConfig` */
export function gptNeoX(json: unknown): DecoderConfig {
  const settings = parseSettings(schema, json);
  const { hidden_size: hiddenSize, num_attention_heads: heads } = settings;
  const { intermediate_size: intermediateSize, attention_bias: bias } = settings;
  const scaling = settings.rope_parameters ?? settings.rope_scaling;
  const type = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (type !== 'default')
    throw unsupported(`scaling ${type} of the positions cannot be computed here for gpt_neox`);
  const headSize = hiddenSize / heads;
  const part = settings.rotary_pct ?? settings.partial_rotary_factor;
  const turning = Math.trunc(headSize * (scaling?.partial_rotary_factor ?? part ?? 0.25));
  if (!Number.isInteger(headSize) || turning % 2 !== 0 || turning === 0) {
    throw invalid(
      `hidden_size ${hiddenSize} with ${heads} heads, of which ${turning} components are rotated: heads must divide it, and that number be even`,
    );
  }
  const theta = scaling?.rope_theta ?? settings.rotary_emb_base ?? settings.rope_theta ?? 10_000;
  const activation = activationOf(settings.hidden_act);
  const block = (index: number): BlockConfig => {
    const name = `gpt_neox.layers.${index}`;
    const projection = (
      module: string,
      [inputs, outputs]: [number, number],
      bias: boolean,
      ...parts: ProjectionPart[]
    ) => ({
      name: `${name}.${module}`,
      role: module.slice(module.indexOf('.') + 1),
      inputs,
      outputs,
      bias,
      parts,
      byHead: parts.length > 1,
    });
    const norm = (module: string) => ({ name: `${name}.${module}`, size: hiddenSize });
    return {
      name,
      norms: {
        beforeAttention: norm('input_layernorm'),
        beforeFeedForward: norm('post_attention_layernorm'),
      },
      projections: [
        projection(
          'attention.query_key_value',
          [hiddenSize, 3 * hiddenSize],
          bias,
          ...(['query', 'key', 'value'] as const),
        ),
        projection('attention.dense', [hiddenSize, hiddenSize], bias, 'attention'),
        projection('mlp.dense_h_to_4h', [hiddenSize, intermediateSize], true, 'up'),
        projection('mlp.dense_4h_to_h', [intermediateSize, hiddenSize], true, 'down'),
      ],
      feedForward: { kind: 'plain', activation },
      rope: rotation,
      parallel: settings.use_parallel_residual,
    };
  };
  const rotation = { theta, size: turning };
  return {
    modelType: settings.model_type,
    hiddenSize,
    intermediateSize,
    heads,
    keyValueHeads: heads,
    headSize,
    vocabularySize: settings.vocab_size,
    maxPositions: settings.max_position_embeddings,
    norm: {
      kind: 'layer',
      epsilon: settings.layer_norm_eps ?? settings.layer_norm_epsilon ?? 1e-5,
      offset: 0,
    },
    embeddingScale: 1,
    attention: { scale: headSize ** -0.5 },
    blocks: Array.from({ length: settings.num_hidden_layers }, (_, index) => block(index)),
    names: {
      embeddings: 'gpt_neox.embed_in',
      norm: 'gpt_neox.final_layer_norm',
      output: 'embed_out',
    },
    tiedEmbeddings: settings.tie_word_embeddings,
    ...tokensOf(settings),
  };
}
