/** The settings of a model in the words of a config.json, so that what reads one has no need to know GGUF. */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { familyOf } from './families/index.js';
import type { Scaling } from './rope.js';
import { architectureIn, numberIn, type Settings } from './settings.js';

type Config = Readonly<Record<string, unknown>>;

/** By their names in GGUF. */
const numbers: Readonly<Record<string, string>> = {
  decoder_block_count: 'num_decoder_layers',
  embedding_length: 'hidden_size',
  feed_forward_length: 'intermediate_size',
  context_length: 'max_position_embeddings',
  'attention.head_count': 'num_attention_heads',
  'attention.head_count_kv': 'num_key_value_heads',
  'attention.key_length': 'head_dim',
  'attention.layer_norm_rms_epsilon': 'rms_norm_eps',
  'attention.layer_norm_epsilon': 'layer_norm_epsilon',
  'attention.sliding_window': 'sliding_window',
  'attention.clamp_kqv': 'clip_qkv',
  'rope.freq_base': 'rope_theta',
  'rope.freq_base_swa': 'rope_local_base_freq',
  'rope.scaling.original_context_length': 'original_max_position_embeddings',
  expert_used_count: 'num_experts_per_tok',
  expert_feed_forward_length: 'moe_intermediate_size',
  attn_logit_softcapping: 'attn_logit_softcapping',
  final_logit_softcapping: 'final_logit_softcapping',
};

/** What the numbers of blocks are called in the file, by their names in the configuration. */
export function blockSettings(settings: Settings): Readonly<Record<string, string>> {
  const architecture = architectureIn(settings);
  const extra = numberIn(settings, 'nextn_predict_layers') ?? 0;
  return {
    num_hidden_layers: `${architecture}.block_count${extra > 0 ? ` without ${architecture}.nextn_predict_layers` : ''}`,
    num_decoder_layers: `${architecture}.decoder_block_count`,
  };
}

/**
 * @param scaling of the positions, where tensors of the file say it
 * @returns undefined where the file does not say what the model is, as files after the first do not
 */
export function configOf(settings: Settings, scaling: Scaling | undefined): Config | undefined {
  const architecture = architectureIn(settings);
  if (architecture === '') return undefined;
  const experts = numberIn(settings, 'expert_count') ?? 0;
  const family = familyOf(architecture, experts);
  const blocks = numberIn(settings, 'block_count');
  const extra = numberIn(settings, 'nextn_predict_layers') ?? 0;
  const local = ['mixtral', 'gpt_oss'].includes(family?.modelType ?? '');
  const keyHeads = numberIn(settings, 'attention.head_count_kv');
  return {
    ...(family
      ? { architectures: [family.architecture], model_type: family.modelType, ...family.settings }
      : { model_type: architecture }),
    ...Object.fromEntries(
      Object.entries(numbers).flatMap(([name, own]) => {
        const value = numberIn(settings, name);
        return value === undefined ? [] : [[own, value]];
      }),
    ),
    // Files of Phi-3 without a window have one of no tokens.
    ...(numberIn(settings, 'attention.sliding_window') === 0 && { sliding_window: null }),
    ...rotatedShare(settings, family?.modelType === 'gpt_neox'),
    ...defined({ query_pre_attn_scalar: queryScalar(settings) }),
    ...(blocks !== undefined && { num_hidden_layers: blocks - extra }),
    ...(experts > 0 && { [local ? 'num_local_experts' : 'num_experts']: experts }),
    ...(family?.modelType === 'gpt_neox' && neoXOf(settings)),
    ...(family?.modelType === 'falcon' && {
      num_kv_heads: keyHeads,
      multi_query: keyHeads === 1,
      new_decoder_architecture: keyHeads !== 1,
    }),
    ...defined({
      rope_scaling: scaling ?? scalingIn(settings),
      bos_token_id: tokenIn(settings, 'bos'),
      eos_token_id: tokenIn(settings, 'eos'),
    }),
    // Unless the file, or a later one, has an output layer; see `configOfTensors`.
    tie_word_embeddings: true,
  };
}

/** What the tensors of a file add, by their names there. */
export function configOfTensors(
  tensors: ReadonlyArray<Pick<StoredTensor, 'name' | 'shape'>>,
): Config {
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const [vocabulary] = shapes.get('token_embd.weight') ?? [];
  return {
    ...(vocabulary !== undefined && { vocab_size: vocabulary }),
    ...(shapes.has('output.weight') && { tie_word_embeddings: false }),
    ...(shapes.has('blk.0.attn_q.bias') && { attention_bias: true }),
  };
}

/** Whether attention stands beside the feed-forward layer, of GPT-NeoX. */
function neoXOf(settings: Settings): Config {
  const parallel = settings[`${architectureIn(settings)}.use_parallel_residual`];
  return parallel === undefined ? {} : { use_parallel_residual: parallel === 'true' };
}

/** Share of a head that is rotated; GPT-NeoX, which rotates a quarter where nothing is said, names it otherwise. */
function rotatedShare(settings: Settings, isNeoX: boolean): Config {
  const rotated = numberIn(settings, 'rope.dimension_count');
  const size = headSizeIn(settings);
  if (!rotated || !size) return {};
  if (isNeoX) return { rotary_pct: rotated / size };
  return rotated < size ? { partial_rotary_factor: rotated / size } : {};
}

function headSizeIn(settings: Settings): number | undefined {
  const [width, heads] = ['embedding_length', 'attention.head_count'].map((name) =>
    numberIn(settings, name),
  );
  return numberIn(settings, 'attention.key_length') ?? (width && heads ? width / heads : undefined);
}

/** Blocks of the largest Gemma 2 and 3, whose queries are divided by what heads would have of the width. */
const LARGEST: Readonly<Record<string, number>> = { gemma2: 46, gemma3: 62 };

/** What Gemma's queries are divided by the root of: files do not say it, and llama.cpp knows it by the size. */
function queryScalar(settings: Settings): number | undefined {
  const architecture = architectureIn(settings);
  if (!Object.hasOwn(LARGEST, architecture)) return undefined;
  const scale = numberIn(settings, 'attention.scale');
  if (scale !== undefined && scale > 0) return scale ** -2;
  const [blocks, width, heads] = ['block_count', 'embedding_length', 'attention.head_count'].map(
    (name) => numberIn(settings, name),
  );
  if (blocks === LARGEST[architecture]) return width && heads ? width / heads : undefined;
  return headSizeIn(settings);
}

function scalingIn(settings: Settings): Scaling | undefined {
  const type = settings[`${architectureIn(settings)}.rope.scaling.type`];
  if (type === undefined || type === 'none') return undefined;
  const original = numberIn(settings, 'rope.scaling.original_context_length');
  return {
    rope_type: type,
    ...defined({
      factor: numberIn(settings, 'rope.scaling.factor'),
      original_max_position_embeddings: original,
    }),
  };
}

function tokenIn(settings: Settings, name: string): number | undefined {
  const id = Number(settings[`tokenizer.ggml.${name}_token_id`]);
  return Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}
