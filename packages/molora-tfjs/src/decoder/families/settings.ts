/** Settings of a config.json that most families share, checked as the untrusted numbers they are. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import type { Activation, RopeConfig } from '../config.js';

export type Checked<Value> = v.GenericSchema<unknown, Value>;

export const size: Checked<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
export const positive: Checked<number> = v.pipe(v.number(), v.finite(), v.gtValue(0));
const token: Checked<number> = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A file may claim any number of blocks, and each is described before its weights are looked for. */
const MOST_BLOCKS = 10_000;
export const blocks: Checked<number> = v.pipe(size, v.maxValue(MOST_BLOCKS));

export interface SpecialTokens {
  readonly bos_token_id?: number | null | undefined;
  readonly eos_token_id?: number | number[] | null | undefined;
}

export const specialTokens: {
  readonly bos_token_id: Checked<number | null | undefined>;
  readonly eos_token_id: Checked<number | number[] | null | undefined>;
} = {
  bos_token_id: v.nullish(token),
  eos_token_id: v.nullish(v.union([token, v.array(token)])),
};

export interface RopeSettings {
  readonly rope_type?: string | undefined;
  /** The name before transformers 4.43. */
  readonly type?: string | undefined;
  readonly rope_theta?: number | undefined;
  readonly factor?: number | undefined;
  readonly low_freq_factor?: number | undefined;
  readonly high_freq_factor?: number | undefined;
  readonly original_max_position_embeddings?: number | undefined;
  readonly short_factor?: number[] | undefined;
  readonly long_factor?: number[] | undefined;
  readonly attention_factor?: number | null | undefined;
  readonly partial_rotary_factor?: number | undefined;
}

/** What a block attends to. */
export type LayerType = 'full_attention' | 'sliding_attention';

/** Settings that decide what is computed in most families, with the defaults of transformers. */
export interface CommonSettings extends SpecialTokens {
  readonly model_type: string;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | null | undefined;
  readonly head_dim?: number | null | undefined;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly hidden_act?: string | null | undefined;
  readonly hidden_activation?: string | null | undefined;
  readonly rope_theta?: number | undefined;
  readonly rope_scaling?: RopeSettings | null | undefined;
  /** Takes the place of the two above from transformers 5 on. */
  readonly rope_parameters?: RopeSettings | null | undefined;
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
  /** By block; transformers writes it from version 4.53 on. */
  readonly layer_types?: LayerType[] | null | undefined;
  readonly sliding_window?: number | null | undefined;
  readonly use_sliding_window: boolean;
  readonly max_window_layers?: number | null | undefined;
  readonly tie_word_embeddings?: boolean | undefined;
}

export const ropeSettings: Checked<RopeSettings> = v.looseObject({
  rope_type: v.optional(v.string()),
  type: v.optional(v.string()),
  rope_theta: v.optional(positive),
  factor: v.optional(positive),
  low_freq_factor: v.optional(positive),
  high_freq_factor: v.optional(positive),
  original_max_position_embeddings: v.optional(size),
  short_factor: v.optional(v.array(positive)),
  long_factor: v.optional(v.array(positive)),
  attention_factor: v.nullish(positive),
  partial_rotary_factor: v.optional(v.pipe(positive, v.maxValue(1))),
});

const common: Checked<CommonSettings> = v.looseObject({
  model_type: v.string(),
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: blocks,
  num_attention_heads: size,
  num_key_value_heads: v.nullish(size),
  head_dim: v.nullish(size),
  vocab_size: size,
  max_position_embeddings: size,
  rms_norm_eps: v.optional(positive, 1e-6),
  hidden_act: v.nullish(v.string()),
  hidden_activation: v.nullish(v.string()),
  rope_theta: v.optional(positive),
  rope_scaling: v.nullish(ropeSettings),
  rope_parameters: v.nullish(ropeSettings),
  attention_bias: v.optional(v.boolean(), false),
  mlp_bias: v.optional(v.boolean(), false),
  layer_types: v.nullish(v.array(v.picklist(['full_attention', 'sliding_attention']))),
  sliding_window: v.nullish(size),
  use_sliding_window: v.optional(v.boolean(), false),
  max_window_layers: v.nullish(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  tie_word_embeddings: v.optional(v.boolean()),
  ...specialTokens,
});

/**
 * @param usual what the family has where the file says nothing
 * @throws AlphaLoraError `INVALID_CHECKPOINT`: see `parseSettings`
 */
export function commonSettings(
  json: unknown,
  usual: Partial<Pick<CommonSettings, 'rms_norm_eps'>> = {},
): CommonSettings {
  return parseSettings(common, { ...usual, ...Object(json) });
}

/** What to do about types whose text model alone can be computed. */
const otherwise: Readonly<Record<string, string>> = {
  gemma3:
    'it sees pictures, and its text model alone can be computed here: save that with transformers (Gemma3ForCausalLM.from_pretrained(...).save_pretrained(...)), or take a GGUF file',
};

/**
 * @param as for the message, such as ` as an encoder`
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the file names another type than these
 */
export function modelTypeOf(json: unknown, known: readonly string[], as = ''): string {
  const { model_type: type } = parseSettings(v.looseObject({ model_type: v.string() }), json);
  if (known.includes(type)) return type;
  if (as === '' && Object.hasOwn(otherwise, type))
    throw unsupported(`model_type ${type}: ${otherwise[type]}`);
  throw unsupported(
    `model_type ${type} cannot be computed here${as}; it can be one of ${known.join(', ')}`,
  );
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT` with the setting that is missing or has an impossible value */
export function parseSettings<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw invalid(`${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
}

const activations: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_new: 'gelu-tanh',
};

/** @param name as transformers has it */
export function activationOf(name: string): Activation {
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (activation !== undefined) return activation;
  throw unsupported(
    `activation ${name} cannot be computed here; it can be one of ${Object.keys(activations).join(', ')}`,
  );
}

export function ropeOf(settings: CommonSettings, usualTheta = 10_000): RopeConfig {
  const scaling = settings.rope_parameters ?? settings.rope_scaling;
  return ropeBy(settings.rope_theta ?? scaling?.rope_theta ?? usualTheta, scaling);
}

export function ropeBy(theta: number, scaling: RopeSettings | null | undefined): RopeConfig {
  const type = scaling?.rope_type ?? scaling?.type ?? 'default';
  if (!scaling || type === 'default') return { theta };
  const factor = given(scaling.factor, 'factor');
  if (type === 'linear') return { theta, scaling: { type, factor } };
  if (type !== 'llama3') {
    throw unsupported(
      `scaling ${type} of the positions cannot be computed here; it can be linear or llama3`,
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
  throw invalid(`rope scaling lacks ${name}`);
}

/** @param what completes "config.json: " */
export function invalid(what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_CHECKPOINT', `config.json: ${what}`);
}

/** @param what completes "config.json: " */
export function unsupported(what: string): AlphaLoraError {
  return new AlphaLoraError('UNSUPPORTED_CHECKPOINT', `config.json: ${what}`);
}
