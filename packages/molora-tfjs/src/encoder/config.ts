/**
 * What an encoder is built like, from the `config.json` of a checkpoint in the layout of Hugging Face
 * transformers: BERT (Devlin et al., arXiv:1810.04805), which MiniLM and most models of sentence-transformers
 * are. A setting that would need other code is refused.
 */
import type { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import type { Activation } from '../decoder/config.js';
import {
  activationOf,
  invalid,
  modelTypeOf,
  parseSettings,
  positive,
  size,
  unsupported,
} from '../decoder/families/settings.js';

export interface EncoderConfig {
  readonly hiddenSize: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  readonly blocks: number;
  readonly heads: number;
  readonly vocabularySize: number;
  /** The most tokens of a text, the special ones included. */
  readonly maxPositions: number;
  /** Kinds of tokens in a pair of texts; a single text is of the first. */
  readonly tokenTypes: number;
  /** Added to the variance in layer normalisation. */
  readonly normEpsilon: number;
  readonly activation: Activation;
}

const schema = v.looseObject({
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  vocab_size: size,
  max_position_embeddings: size,
  type_vocab_size: v.optional(size, 2),
  layer_norm_eps: v.optional(positive, 1e-12),
  hidden_act: v.optional(v.string(), 'gelu'),
  position_embedding_type: v.nullish(v.string(), 'absolute'),
  is_decoder: v.nullish(v.boolean(), false),
  add_cross_attention: v.nullish(v.boolean(), false),
});

/**
 * @param json the parsed `config.json`
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another architecture, activation or kind of
 *   positions, `INVALID_CHECKPOINT` for a setting that is missing or has an impossible value
 */
export function encoderConfig(json: unknown): EncoderConfig {
  modelTypeOf(json, ['bert'], ' as an encoder');
  const settings = parseSettings(schema, json);
  if (settings.position_embedding_type !== 'absolute')
    throw other('position_embedding_type', settings.position_embedding_type, 'absolute');
  if (settings.is_decoder) throw other('is_decoder', true, 'false');
  if (settings.add_cross_attention) throw other('add_cross_attention', true, 'false');
  const { hidden_size: hiddenSize, num_attention_heads: heads } = settings;
  if (hiddenSize % heads !== 0)
    throw invalid(`hidden_size ${hiddenSize} is not a multiple of its ${heads} heads`);
  return {
    hiddenSize,
    intermediateSize: settings.intermediate_size,
    blocks: settings.num_hidden_layers,
    heads,
    vocabularySize: settings.vocab_size,
    maxPositions: settings.max_position_embeddings,
    tokenTypes: settings.type_vocab_size,
    normEpsilon: settings.layer_norm_eps,
    activation: activationOf(settings.hidden_act),
  };
}

function other(setting: string, value: unknown, possible: string): AlphaLoraError {
  return unsupported(
    `${setting} ${value} cannot be computed here as an encoder; it can be ${possible}`,
  );
}
