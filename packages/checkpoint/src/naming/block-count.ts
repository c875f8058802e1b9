/** How many blocks a configuration says that a list has. */
import { isSize, type ModelConfig, nestedConfig, textConfig } from './config.js';
import type { BlockList } from './lists.js';
import * as tables from './tables.js';

/** A number of blocks and the setting that says it. */
export interface BlockCount {
  readonly setting: string;
  readonly count: number;
  /** Blocks for multi-token prediction, which files have behind those. */
  readonly extra: number;
}

const counts = ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers', 'num_transformer_layers'];
const sides = {
  encoder: ['encoder_layers', 'num_encoder_layers', 'encoder_num_hidden_layers'],
  decoder: ['decoder_layers', 'num_decoder_layers', 'decoder_num_hidden_layers'],
};
const extras = ['num_nextn_predict_layers', 'mtp_num_hidden_layers', 'num_mtp_layers'];
/** Blocks in stages, blocks that share their weights, or without any: then no number is that of a list. */
const otherwise = ['depths', 'block_sizes', 'num_hidden_groups', 'block_configs'];

/**
 * @returns undefined where the configuration does not speak of this list: of towers beside a text model,
 *   stages, lists of pipelines whose parts have lists of their own
 */
export function countFor(
  list: Pick<BlockList, 'name' | 'prefix' | 'isStage'>,
  config: ModelConfig,
): BlockCount | undefined {
  const text = textConfig(config);
  // Such a list may have the embeddings and the head as members.
  if (list.isStage || list.name === tables.wholeList || (text && isTower(list))) return undefined;
  const settings = text ?? config;
  if (otherwise.some((name) => settings[name] !== undefined)) return undefined;
  const extra = extras.map((name) => settings[name] ?? config[name]).find(isSize) ?? 0;
  const own = sideOf(list);
  const inside = own && nestedConfig(settings, own);
  const found =
    (own && first(settings, sides[own])) ??
    (inside && first(inside, counts)) ??
    first(settings, counts);
  return found && { ...found, extra };
}

function first(
  settings: ModelConfig,
  names: readonly string[],
): Omit<BlockCount, 'extra'> | undefined {
  const setting = names.find((name) => isSize(settings[name]));
  return setting === undefined ? undefined : { setting, count: settings[setting] as number };
}

/** The half of an encoder-decoder that a list is in, by the outermost module that says so. */
export function sideOf({ prefix }: Pick<BlockList, 'prefix'>): 'encoder' | 'decoder' | undefined {
  const part = prefix.find((each) => tables.sides.test(each));
  if (part === undefined) return undefined;
  return part.endsWith('encoder') ? 'encoder' : 'decoder';
}

export function isTower({ prefix }: Pick<BlockList, 'prefix'>): boolean {
  return prefix.some((part) => tables.towers.test(part));
}
