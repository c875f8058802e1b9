/**
 * `adapter_config.json` as PEFT writes it (`LoraConfig`): how the factors of each module are scaled,
 * and whether the update is the scaled product of its factors at all. Settings that do not change
 * weights (dropout, target modules, initialisation by small random numbers) are ignored.
 */
import { invalid, quoted, unsupported } from '../errors.js';
import type { JsonObject } from '../json.js';
import { type PatternLookup, patternLookup } from './patterns.js';

export interface LoraSettings {
  /** Of the model that the adapter was trained on: a folder or a name on the hub. */
  readonly base?: string;
  /** Whether the weights of the adapted modules are [inputs, outputs]. */
  readonly inputFirst: boolean;
  /** @throws AlphaLoraError `INVALID_CHECKPOINT` when its value is no rank */
  rankOf(module: string): number;
  /**
   * alpha / rank, or alpha / sqrt(rank) of rank-stabilised LoRA (arXiv 2312.03732).
   * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is not finite
   */
  scaleOf(module: string): number;
}

/** PEFT's defaults of `r` and `lora_alpha`. */
const DEFAULT_RANK = 8;
const DEFAULT_ALPHA = 8;

const merge = 'merge it into its base with PEFT (merge_and_unload) and open the merged model';

/** Types of PEFT that learn inputs or prefixes in the place of weights, and have no merge_and_unload. */
const changesNoWeight =
  /^(PROMPT_TUNING|MULTITASK_PROMPT_TUNING|P_TUNING|PREFIX_TUNING|CPT|CARTRIDGE|ADAPTION_PROMPT)$/;
const nothingToMerge =
  'it changes no weights of its base, so that nothing can be merged: open the base model itself';

/** Of a mixture of experts written here, which PEFT cannot load. */
const saveAgain =
  'the section molora, which says its experts, is missing: copy adapter_config.json again from the folder that train wrote';

/** Settings under which the change of a weight is not its scaled product of factors. */
const variants: ReadonlyArray<readonly [setting: string, why: string, mend: string]> = [
  ['use_dora', 'DoRA also learns the magnitude of each output', merge],
  ['use_qalora', 'QA-LoRA adapts sums over groups of inputs', merge],
  ['use_bdlora', 'its factors are block-diagonal', merge],
  [
    'target_parameters',
    'it adapts stacked experts, which are no weights of linear layers; their ranks are r and rank_pattern of this file',
    `to read the updates, ${merge}`,
  ],
  ['layer_replication', 'it repeats blocks of its base', 'use one that was trained without it'],
  ['alora_invocation_tokens', 'it acts on some tokens only', 'use one that was trained without it'],
];

/** Initialisations that take the factors out of the base: trained on another base than they name. */
const changesBase = /^(pissa|olora|corda|loftq|lora_ga)/i;

/**
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the adapter is not plain LoRA,
 *   `INVALID_CHECKPOINT` when a setting has a value that PEFT would not take
 */
export function loraSettings(config: JsonObject, file: string): LoraSettings {
  const type = config['peft_type'];
  if (typeof type !== 'string')
    throw invalid('it has no peft_type; save it again with PEFT', { file });
  if (type.toUpperCase() !== 'LORA') {
    const mend = changesNoWeight.test(type.toUpperCase())
      ? nothingToMerge
      : type === 'MOLORA'
        ? saveAgain
        : merge;
    throw unsupported(`its peft_type is ${quoted(type)}, and only LORA can be read; ${mend}`, {
      file,
    });
  }
  for (const [setting, why, mend] of variants) {
    if (isSet(config[setting])) throw unsupported(`${setting} is set: ${why}; ${mend}`, { file });
  }
  const start = config['init_lora_weights'];
  if (typeof start === 'string' && changesBase.test(start)) {
    throw unsupported(
      `init_lora_weights is ${quoted(start)}, which changes the base as well; save it with path_initial_model_for_weight_conversion`,
      { file },
    );
  }
  const rank = { setting: 'r', value: config['r'] ?? DEFAULT_RANK };
  const alpha = {
    setting: 'lora_alpha',
    value: 'lora_alpha' in config ? config['lora_alpha'] : DEFAULT_ALPHA,
  };
  const ranks = patternLookup('rank_pattern', config['rank_pattern'], file);
  const alphas = patternLookup('alpha_pattern', config['alpha_pattern'], file);
  const stabilised = flag(config, 'use_rslora', file);
  const base = config['base_model_name_or_path'];

  const rankOf = (module: string): number => {
    const { setting, value } = found(ranks, 'rank_pattern', module) ?? rank;
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
    throw invalid(`${setting} is ${shown(value)}, which is no rank`, { file });
  };
  return {
    ...(typeof base === 'string' && base !== '' && { base }),
    inputFirst: flag(config, 'fan_in_fan_out', file),
    rankOf,
    scaleOf(module) {
      const { setting, value } = found(alphas, 'alpha_pattern', module) ?? alpha;
      const divisor = stabilised ? Math.sqrt(rankOf(module)) : rankOf(module);
      if (typeof value === 'number' && Number.isFinite(value)) return value / divisor;
      throw invalid(`${setting} is ${shown(value)}, which is no finite number`, { file });
    },
  };
}

function found(
  lookup: PatternLookup,
  setting: string,
  module: string,
): { setting: string; value: unknown } | undefined {
  const match = lookup(module);
  return match && { setting: `${setting} ${quoted(match.key)}`, value: match.value };
}

/** Whether Python takes the value for true. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function flag(config: JsonObject, setting: string, file: string): boolean {
  const value = config[setting] ?? false;
  if (typeof value !== 'boolean') {
    throw invalid(`${setting} is ${shown(value)}, which is neither true nor false`, { file });
  }
  return value;
}

function shown(value: unknown): string {
  return quoted(String(JSON.stringify(value))).slice(1, -1);
}
