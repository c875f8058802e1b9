/**
 * A model with the updates of an adapter in its weights: W + scale * B A (Hu et al., arXiv 2106.09685,
 * section 4.1), each to be stored in the type that the base has it in.
 *
 * Tied weights: while training, an update of the input embedding or of the head acts in that place
 * only, though both share one matrix. In the merged model they are two, and no longer tied.
 */

import type { AlphaLoraError } from '@alphalora/contracts';
import { type DType, elementTypes, type WeightTensor } from '@alphalora/contracts/weights';
import type { Checkpoint } from '../checkpoint.js';
import { invalid, quoted, unsupported } from '../errors.js';
import { isObject, type JsonObject } from '../json.js';
import type { Adapter } from './adapter.js';
import { withoutPrefixes } from './modules.js';
import { type AppliedAdapter, addAdapter } from './weights.js';

/** A weight of the merged model. */
export interface MergedWeight {
  readonly weight: WeightTensor;
  /** The type that it is to be stored in. */
  readonly dtype: DType;
  /** Whether its values are other than the base's. */
  readonly changed: boolean;
}

export interface MergedModel {
  /** In the order of the base, then what the adapter adds. */
  readonly weights: readonly MergedWeight[];
  readonly report: AppliedAdapter;
  /** Settings of config.json that the merged model has otherwise than its base. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What people should know, a sentence each. */
  readonly notes: readonly string[];
}

const mergeWithPeft = 'merge the adapter with PEFT (merge_and_unload)';

/**
 * Nothing is read before a weight is asked for its values.
 *
 * @param base opened without an adapter, fused weights not split
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when weights of the base are quantized, or the adapter
 *   changes what config.json says; `INVALID_CHECKPOINT` when a module of the adapter is not in the
 *   base, or has another shape there
 */
export function mergedModel(base: Checkpoint, adapter: Adapter): MergedModel {
  requirePlain(base);
  const tied = tiedWeights(base, adapter);
  const weights = tied
    ? [...base.tensors.filter(({ name }) => name !== tied.heads[0]!.name), ...tied.heads]
    : base.tensors;
  const { adapted, added, report } = addAdapter(
    adapter,
    weights.map((weight) => ({ ...weight, file: base.source })),
    base.config,
  );
  requireAll(report, base, adapter);
  const merged = weights.map((weight): MergedWeight => {
    const now = adapted(weight);
    if (now.shape.join() !== weight.shape.join()) {
      throw unsupported(
        `it replaces ${quoted(weight.name)} of [${weight.shape}] by one of [${now.shape}], which config.json and the tokenizer of the base do not fit; ${mergeWithPeft}`,
        { file: adapter.weights.name },
      );
    }
    return { weight: now, dtype: weight.dtype, changed: now !== weight };
  });
  return {
    weights: [
      ...merged,
      ...added.map((weight) => ({ weight, dtype: weight.dtype, changed: true })),
    ],
    report,
    settings: tied ? untied(base.config) : {},
    notes: tied
      ? [
          `the input embedding and the head were one matrix (tie_word_embeddings), and the adapter changes one of them only: they are ${tied.heads.length === 1 ? 'two' : tied.heads.length + 1} in the merged model, ${[tied.embedding, ...tied.heads].map(({ name }) => quoted(name)).join(' and ')}`,
        ]
      : [],
  };
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` */
function requirePlain({ tensors, config, source }: Checkpoint): void {
  const packed = tensors.find(
    ({ dtype, quantization, unreadable }) =>
      quantization !== undefined || unreadable !== undefined || elementTypes[dtype].elements !== 1,
  );
  if (!packed && config?.['quantization_config'] === undefined) return;
  const how = packed?.quantization ?? packed?.dtype ?? 'quantization_config of config.json';
  throw unsupported(
    `the base is quantized (${how}), and a merged weight cannot be stored so without another loss; give the model that it was quantized from, in BF16, F16 or F32`,
    { file: source, ...(packed && { tensor: packed.name }) },
  );
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT` */
function requireAll({ unmatched }: AppliedAdapter, base: Checkpoint, adapter: Adapter): void {
  const [first] = unmatched;
  if (first === undefined) return;
  const { source, config } = base;
  const shared = unmatched.find((module) => sharedModule.test(module));
  if (shared !== undefined && settingOf(config, 'tie_word_embeddings') !== false) {
    throw sharedWith(base, shared, adapter);
  }
  throw invalid(
    `${unmatched.length} of its modules are not in ${source}, ${quoted(first)} for one, and the merged model would lack their updates; give the model that it was trained on`,
    { file: adapter.weights.name },
  );
}

interface Tied {
  readonly embedding: WeightTensor;
  /** The same values, under the names of the heads: that of the model first. */
  readonly heads: readonly WeightTensor[];
}

const embeddingName = /(^|\.)(embed_tokens|wte|word_embeddings|embed_in)\.weight$/;
const headModule = /(^|\.)(lm_head|embed_out)$/;
/** Further modules that have no weight of their own where embeddings are tied, as in T5, BART, BERT and RoBERTa. */
const sharedModule =
  /(^|\.)(lm_head|embed_out|embed_tokens|predictions\.decoder|lm_head\.decoder|vocab_projector|generator_lm_head)$/;
/** Classes with a head that may share its weight with the input embedding. */
const hasHead = /(ForCausalLM|LMHeadModel|ForConditionalGeneration)$/;
/** Classes whose heads share it in ways of their own. */
const hasOtherHead = /(ForMaskedLM|ForPreTraining)$/;

/** The two weights that are one in the base, where the adapter changes one of them alone. */
function tiedWeights(base: Checkpoint, adapter: Adapter): Tied | undefined {
  const { tensors, config, architecture = '' } = base;
  const embedding = tensors.find(({ name }) => embeddingName.test(name));
  const stored = tensors.find(({ name }) => headModule.test(name.replace(/\.weight$/, '')));
  const setting = settingOf(config, 'tie_word_embeddings');
  const isTied = setting === true || (setting === undefined && !stored);
  if (!embedding || !isTied) return undefined;
  const touched = [
    ...adapter.updates.map(({ module }) => module),
    ...adapter.saved.map(({ name }) =>
      name.replace(/(\.(base_layer|modules_to_save(\.\w+)?))?\.weight$/, ''),
    ),
  ];
  const heads = [...new Set(touched)].filter((module) => headModule.test(module));
  const [head, ...others] = heads;
  const input = withoutPrefixes(embedding.name).replace(/\.weight$/, '');
  const isInput = touched.some((module) => withoutPrefixes(module) === input);
  if (head === undefined && !isInput) return undefined;
  // Trained as one, such as with ensure_weight_tying of PEFT.
  if (adapter.config?.['ensure_weight_tying'] === true && head === undefined) return undefined;
  if (config?.['is_encoder_decoder'] === true || hasOtherHead.test(architecture)) {
    throw sharedWith(base, head ?? input, adapter);
  }
  if (head === undefined && !hasHead.test(architecture)) return undefined;
  const module = head ?? stored?.name.replace(/\.weight$/, '') ?? defaultHead(embedding.name);
  const { identity: _, base: __, ...values } = embedding;
  const stands = new Set(tensors.map(({ name }) => withoutPrefixes(name)));
  // Of heads for further tokens, those that are stored have weights of their own.
  const further = others.filter((each) => !stands.has(withoutPrefixes(`${each}.weight`)));
  return {
    embedding,
    heads: [module, ...further].map((each) => ({
      ...values,
      name: `${each}.weight`,
      kind: 'head',
    })),
  };
}

function sharedWith(
  { architecture = 'the base' }: Checkpoint,
  module: string,
  adapter: Adapter,
): AlphaLoraError {
  return unsupported(
    `it changes ${quoted(module)}, which ${architecture} shares with other layers; train it without that module, or untie the base first`,
    { file: adapter.weights.name },
  );
}

function defaultHead(embedding: string): string {
  return /(^|\.)embed_in\.weight$/.test(embedding) ? 'embed_out' : 'lm_head';
}

/** Of the model, or of its language model, which multimodal ones have in a section. */
function settingOf(config: JsonObject | undefined, name: string): unknown {
  const text = config?.['text_config'];
  return config?.[name] ?? (isObject(text) ? text[name] : undefined);
}

function untied(config: JsonObject | undefined): Record<string, unknown> {
  const text = config?.['text_config'];
  return {
    tie_word_embeddings: false,
    ...(isObject(text) && { text_config: { ...text, tie_word_embeddings: false } }),
  };
}
