/**
 * The configuration beside the weights: config.json, or params.json of the original releases of Llama and
 * Mistral, which is put into the words of the other (transformers' convert_mistral_weights_to_hf.py and
 * convert_llama_weights_to_hf.py).
 */
import { defined } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { isObject, type JsonObject, type JsonOptions, readJsonObject } from '../json.js';
import type { ModelConfig } from '../naming/index.js';
import { plainName } from './plain-name.js';

/** Larger ones list the words of a vocabulary several times over. */
const MAX_CONFIG_BYTES = 16_000_000;

const PARAMS = 'params.json';

/** The names of configurations, the one that counts first. */
export const configNames: readonly string[] = ['config.json', PARAMS];

/**
 * @returns undefined where a params.json is something else
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is no JSON object
 */
export async function readConfig(
  source: ByteSource,
  options: Pick<JsonOptions, 'onNote'> & { signal?: AbortSignal | undefined },
): Promise<ModelConfig | undefined> {
  const json = await readJsonObject(source, MAX_CONFIG_BYTES, { ...options, dialect: 'python' });
  return plainName(source.name) === PARAMS ? fromParams(json) : json;
}

/** What the file with the configuration calls a setting of it, for messages. */
export function settingIn(file: string, setting: string): string {
  if (plainName(file) !== PARAMS) return setting;
  return Object.keys(renamed).find((own) => renamed[own] === setting) ?? setting;
}

/** Settings that are there under another name. */
const renamed: Readonly<Record<string, string>> = {
  dim: 'hidden_size',
  n_layers: 'num_hidden_layers',
  n_heads: 'num_attention_heads',
  n_kv_heads: 'num_key_value_heads',
  head_dim: 'head_dim',
  hidden_dim: 'intermediate_size',
  norm_eps: 'rms_norm_eps',
  vocab_size: 'vocab_size',
  rope_theta: 'rope_theta',
  sliding_window: 'sliding_window',
  max_seq_len: 'max_position_embeddings',
};
const ofExperts: Readonly<Record<string, string>> = {
  num_experts: 'num_local_experts',
  num_experts_per_tok: 'num_experts_per_tok',
};

function fromParams(json: JsonObject): ModelConfig | undefined {
  const params = isObject(json['model']) ? json['model'] : json;
  const settings = numbersOf(params, renamed);
  const { hidden_size: width, num_hidden_layers: blocks, num_attention_heads: heads } = settings;
  if (width === undefined || blocks === undefined) return undefined;
  const { moe } = params;
  return {
    ...defined({ num_key_value_heads: heads, intermediate_size: hiddenOf(params, width) }),
    rope_theta: 10_000,
    ...settings,
    ...(isObject(moe) && numbersOf(moe, ofExperts)),
  };
}

/** Of what is greater than 0: Llama writes -1 for a vocabulary that its tokenizer tells. */
function numbersOf(
  params: JsonObject,
  names: Readonly<Record<string, string>>,
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [own, name] of Object.entries(names)) {
    const said = params[own];
    // Some write a sliding window as a text.
    const value = typeof said === 'string' ? Number(said) : said;
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) found[name] = value;
  }
  return found;
}

/** Llama's: two thirds of four times the width, rounded up. */
function hiddenOf(params: JsonObject, width: number): number | undefined {
  const { multiple_of: multiple, ffn_dim_multiplier: factor = 1 } = params;
  if (typeof multiple !== 'number' || typeof factor !== 'number' || !(multiple > 0))
    return undefined;
  return multiple * Math.ceil(Math.trunc(factor * Math.trunc((8 * width) / 3)) / multiple);
}
