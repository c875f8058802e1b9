/**
 * GPT-2 (Radford et al., "Language models are unsupervised multitask learners", 2019): learned positions, layer
 * normalisation, queries, keys and values in one projection. GGUF names its settings as Llama's are.
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

const schema = v.looseObject({
  model_type: v.string(),
  n_embd: v.optional(size),
  hidden_size: v.optional(size),
  n_layer: v.optional(blocks),
  num_hidden_layers: v.optional(blocks),
  n_head: v.optional(size),
  num_attention_heads: v.optional(size),
  n_positions: v.optional(size),
  max_position_embeddings: v.optional(size),
  n_inner: v.nullish(size),
  intermediate_size: v.nullish(size),
  vocab_size: size,
  layer_norm_epsilon: v.optional(positive, 1e-5),
  activation_function: v.optional(v.string(), 'gelu_new'),
  scale_attn_weights: v.optional(v.boolean(), true),
  scale_attn_by_inverse_layer_idx: v.optional(v.boolean(), false),
  add_cross_attention: v.optional(v.boolean(), false),
  tie_word_embeddings: v.optional(v.boolean(), true),
  ...specialTokens,
});

/** @throws AlphaLoraError as `decoderConfig` */
export function gpt2(
  json: unknown,
  tensors: ReadonlyArray<{ readonly name: string }>,
): DecoderConfig {
  const settings = parseSettings(schema, json);
  const given = (value: number | undefined, name: string): number => {
    if (value === undefined) throw invalid(`${name} is missing`);
    return value;
  };
  const hiddenSize = given(settings.n_embd ?? settings.hidden_size, 'n_embd');
  const heads = given(settings.n_head ?? settings.num_attention_heads, 'n_head');
  const depth = given(settings.n_layer ?? settings.num_hidden_layers, 'n_layer');
  if (hiddenSize % heads !== 0)
    throw invalid(`n_embd ${hiddenSize} is not a multiple of its ${heads} heads`);
  for (const name of ['scale_attn_by_inverse_layer_idx', 'add_cross_attention'] as const)
    if (settings[name]) throw unsupported(`${name} true cannot be computed here`);
  const headSize = hiddenSize / heads;
  const intermediateSize = settings.n_inner ?? settings.intermediate_size ?? 4 * hiddenSize;
  // The model without its output layer, as the first files have it.
  const isBare = tensors.length > 0 && !tensors.some(({ name }) => name.startsWith('transformer.'));
  const prefix = isBare ? '' : 'transformer.';
  const activation = activationOf(settings.activation_function);
  const block = (index: number): BlockConfig => {
    const name = `${prefix}h.${index}`;
    const projection = (
      role: string,
      inputs: number,
      outputs: number,
      ...parts: ProjectionPart[]
    ) => ({ name: `${name}.${role}`, role, inputs, outputs, bias: true, parts });
    return {
      name,
      norms: {
        beforeAttention: { name: `${name}.ln_1`, size: hiddenSize },
        beforeFeedForward: { name: `${name}.ln_2`, size: hiddenSize },
      },
      projections: [
        projection('attn.c_attn', hiddenSize, 3 * hiddenSize, 'query', 'key', 'value'),
        projection('attn.c_proj', hiddenSize, hiddenSize, 'attention'),
        projection('mlp.c_fc', hiddenSize, intermediateSize, 'up'),
        projection('mlp.c_proj', intermediateSize, hiddenSize, 'down'),
      ],
      feedForward: { kind: 'plain', activation },
    };
  };
  return {
    modelType: settings.model_type,
    hiddenSize,
    intermediateSize,
    heads,
    keyValueHeads: heads,
    headSize,
    vocabularySize: settings.vocab_size,
    maxPositions: given(settings.n_positions ?? settings.max_position_embeddings, 'n_positions'),
    norm: { kind: 'layer', epsilon: settings.layer_norm_epsilon, offset: 0 },
    embeddingScale: 1,
    attention: { scale: settings.scale_attn_weights ? headSize ** -0.5 : 1 },
    blocks: Array.from({ length: depth }, (_, index) => block(index)),
    names: {
      embeddings: `${prefix}wte`,
      positions: `${prefix}wpe`,
      norm: `${prefix}ln_f`,
      output: 'lm_head',
    },
    tiedEmbeddings: settings.tie_word_embeddings,
    ...tokensOf(settings),
    ...(isBare && {
      note: 'names of tensors lack the "transformer." that GPT2LMHeadModel has in memory, so that PEFT finds nothing of an adapter made here: for PEFT, save the model once with transformers',
    }),
  };
}
