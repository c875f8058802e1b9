/**
 * What a decoder is built like, from the `config.json` of a checkpoint in the layout of Hugging Face
 * transformers. Llama, Mistral, Qwen2 and Gemma share one architecture and differ in the few points
 * that {@link DecoderConfig} names; a setting that would need other code is refused, since a model
 * that merely loads gives wrong numbers silently.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';

export interface DecoderConfig {
  readonly modelType: 'llama' | 'mistral' | 'qwen2' | 'gemma';
  readonly hiddenSize: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  readonly blocks: number;
  /** Query heads; a multiple of `keyValueHeads`. */
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabularySize: number;
  /** Positions that the model was trained for. */
  readonly maxPositions: number;
  /** Added to the mean square in RMSNorm. */
  readonly normEpsilon: number;
  /** Added to the stored gains of RMSNorm: 1 for Gemma, which stores them as differences from 1. */
  readonly normOffset: 0 | 1;
  /** Factor of the embeddings: the root of the hidden size for Gemma. */
  readonly embeddingScale: number;
  /** Of the gate: SwiGLU, or GeGLU with the tangent or the error function. */
  readonly activation: 'silu' | 'gelu-tanh' | 'gelu';
  readonly biases: {
    readonly queryKeyValue: boolean;
    readonly output: boolean;
    readonly feedForward: boolean;
  };
  readonly rope: RopeConfig;
  /** Attention to the last `size` tokens only, in blocks from `fromBlock` on. */
  readonly slidingWindow?: { readonly size: number; readonly fromBlock: number };
  /** Whether the output layer is the embedding. */
  readonly tiedEmbeddings: boolean;
  readonly beginToken?: number;
  /** Tokens that end a text; several models have more than one. */
  readonly endTokens: readonly number[];
}

export interface RopeConfig {
  readonly theta: number;
  readonly scaling?:
    | { readonly type: 'linear'; readonly factor: number }
    | {
        readonly type: 'llama3';
        readonly factor: number;
        readonly lowFrequencyFactor: number;
        readonly highFrequencyFactor: number;
        readonly originalPositions: number;
      };
}

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const token = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const ropeScaling = v.looseObject({
  rope_type: v.optional(v.string()),
  /** The name before transformers 4.43. */
  type: v.optional(v.string()),
  rope_theta: v.optional(positive),
  factor: v.optional(positive),
  low_freq_factor: v.optional(positive),
  high_freq_factor: v.optional(positive),
  original_max_position_embeddings: v.optional(size),
});

/** Settings that decide what is computed; everything else in the file is ignored. */
const schema = v.looseObject({
  model_type: v.picklist(['llama', 'mistral', 'qwen2', 'gemma']),
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: v.nullish(size),
  head_dim: v.nullish(size),
  vocab_size: size,
  max_position_embeddings: size,
  rms_norm_eps: v.optional(positive, 1e-6),
  hidden_act: v.nullish(v.string()),
  hidden_activation: v.nullish(v.string()),
  rope_theta: v.optional(positive),
  rope_scaling: v.nullish(ropeScaling),
  /** Takes the place of the two above from transformers 5 on. */
  rope_parameters: v.nullish(ropeScaling),
  attention_bias: v.optional(v.boolean(), false),
  mlp_bias: v.optional(v.boolean(), false),
  sliding_window: v.nullish(size),
  use_sliding_window: v.optional(v.boolean(), false),
  max_window_layers: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  tie_word_embeddings: v.optional(v.boolean()),
  bos_token_id: v.nullish(token),
  eos_token_id: v.nullish(v.union([token, v.array(token)])),
});
type Settings = v.InferOutput<typeof schema>;

const activations: Readonly<Record<string, DecoderConfig['activation']>> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
};

/**
 * @param json the parsed `config.json`
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another architecture, activation or kind of
 *   positions, `INVALID_CHECKPOINT` for a setting that is missing or has an impossible value
 */
export function decoderConfig(json: unknown): DecoderConfig {
  const type = (json as { model_type?: unknown } | null)?.model_type;
  if (
    typeof type === 'string' &&
    !schema.entries.model_type.options.some((name) => name === type)
  ) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `config.json: model_type ${type} cannot be computed here; it can be one of ${schema.entries.model_type.options.join(', ')}`,
    );
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `config.json: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`,
    );
  }
  const settings = parsed.output;
  const gemma = settings.model_type === 'gemma';
  const heads = settings.num_attention_heads;
  const keyValueHeads = settings.num_key_value_heads ?? heads;
  const headSize = settings.head_dim ?? (gemma ? 256 : settings.hidden_size / heads);
  if (heads % keyValueHeads !== 0 || !Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `config.json: ${heads} heads of size ${headSize} with ${keyValueHeads} for keys and values: heads must be a multiple of those, and their size even`,
    );
  }
  const slidingWindow = windowOf(settings);
  return {
    modelType: settings.model_type,
    hiddenSize: settings.hidden_size,
    intermediateSize: settings.intermediate_size,
    blocks: settings.num_hidden_layers,
    heads,
    keyValueHeads,
    headSize,
    vocabularySize: settings.vocab_size,
    maxPositions: settings.max_position_embeddings,
    normEpsilon: settings.rms_norm_eps,
    normOffset: gemma ? 1 : 0,
    embeddingScale: gemma ? Math.sqrt(settings.hidden_size) : 1,
    activation: activationOf(settings),
    biases: {
      queryKeyValue: settings.model_type === 'qwen2' || settings.attention_bias,
      output: settings.model_type !== 'qwen2' && settings.attention_bias,
      feedForward: settings.model_type === 'llama' && settings.mlp_bias,
    },
    rope: ropeOf(settings),
    ...(slidingWindow && { slidingWindow }),
    tiedEmbeddings: settings.tie_word_embeddings ?? gemma,
    ...(typeof settings.bos_token_id === 'number' && { beginToken: settings.bos_token_id }),
    endTokens: [settings.eos_token_id ?? []].flat(),
  };
}

function activationOf({
  model_type,
  hidden_act,
  hidden_activation,
}: Settings): DecoderConfig['activation'] {
  // The first files of Gemma said "gelu" and meant the approximation that it was trained with.
  const name =
    model_type === 'gemma' ? (hidden_activation ?? 'gelu_pytorch_tanh') : (hidden_act ?? 'silu');
  const activation = activations[name];
  if (activation === undefined) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `config.json: activation ${name} cannot be computed here; it can be one of ${Object.keys(activations).join(', ')}`,
    );
  }
  return activation;
}

function windowOf(settings: Settings): DecoderConfig['slidingWindow'] {
  const { model_type, sliding_window, use_sliding_window, max_window_layers } = settings;
  if (model_type === 'mistral') {
    // Absent is transformers' default, null is none.
    const size = sliding_window === undefined ? 4096 : sliding_window;
    return size === null ? undefined : { size, fromBlock: 0 };
  }
  if (model_type !== 'qwen2' || !use_sliding_window) return undefined;
  return { size: sliding_window ?? 4096, fromBlock: max_window_layers ?? 28 };
}

function ropeOf(settings: Settings): RopeConfig {
  const scaling = settings.rope_parameters ?? settings.rope_scaling;
  const theta = settings.rope_theta ?? scaling?.rope_theta ?? 10_000;
  const type = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (!scaling || type === 'default') return { theta };
  const factor = given(scaling.factor, 'factor');
  if (type === 'linear') return { theta, scaling: { type, factor } };
  if (type !== 'llama3') {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `config.json: scaling ${type} of the positions cannot be computed here; it can be linear or llama3`,
    );
  }
  return {
    theta,
    scaling: {
      type,
      factor,
      lowFrequencyFactor: given(scaling.low_freq_factor, 'low_freq_factor'),
      highFrequencyFactor: given(scaling.high_freq_factor, 'high_freq_factor'),
      originalPositions: given(
        scaling.original_max_position_embeddings,
        'original_max_position_embeddings',
      ),
    },
  };
}

function given(value: number | undefined, name: string): number {
  if (value !== undefined) return value;
  throw new AlphaLoraError('INVALID_CHECKPOINT', `config.json: rope scaling lacks ${name}`);
}
