/**
 * From the name and shape of a tensor to what it is: its block, its role there, what it is for and
 * how it is laid out. Each tensor is judged by itself, so that files can be described one by one;
 * the vocabulary is in `tables.ts`.
 */
import type { WeightKind } from '@alphalora/contracts/weights';
import { flagSetting, type ModelConfig, modelType } from './config.js';
import { inputFirstExperts, rowsOfExperts } from './experts.js';
import { blockKind, type NameParts, outerKind } from './kinds.js';
import * as tables from './tables.js';

export type { ModelConfig } from './config.js';

/** See the fields of the same names in `WeightDescription` of `@alphalora/contracts`. */
export interface TensorIdentity {
  block?: number;
  role?: string;
  kind: WeightKind;
  notMatrix?: string;
  inputFirst?: boolean;
  stacked?: boolean;
  /** Where it is not the stored one: of experts that lie one below the other. */
  shape?: readonly number[];
}

/**
 * What a tensor is, by its name.
 *
 * Roles are the families' own module names (`q_proj`, `c_attn`, `w1`); within a block each belongs
 * to one projection, or to one of each expert. In encoder-decoder models, blocks of the encoder and
 * of the decoder share their indices, and the encoder's roles begin with `encoder.`.
 *
 * Blocks of vision and audio towers beside a text model have no index, their matrices are `other`.
 * @param shape as stored
 * @param config decides where names leave a choice: Conv1D or linear, the layout of stacked experts
 */
export function identify(
  name: string,
  shape: readonly number[],
  config: ModelConfig = {},
): TensorIdentity {
  if (name.length > tables.LONGEST_NAME) return { kind: 'other' };
  const parts = splitName(name);
  const place = placeOf(parts.module);
  if (!place) return outerKind(parts, shape);
  const { block, path, prefix } = place;
  const rule = ruleFor(path.join('.'), shape, modelType(config));
  const kind = blockKind(parts, path, shape);
  const plainRole = roleOf(path, rule);
  const inEncoder =
    prefix.includes('encoder') &&
    (flagSetting(config, 'is_encoder_decoder') || parts.module[prefix.length] === 'block');
  const role = inEncoder ? `encoder.${plainRole}` : plainRole;
  if (kind.kind !== 'projection') return { block, role, ...kind };
  if (shape.length === 2 && tables.expertRows.test(path.join('.'))) {
    return { block, role, ...rowsOfExperts(plainRole, shape, config) };
  }
  const stacked = shape.length === 3 && tables.mixtures.test(path.join('.'));
  const inputFirst = stacked
    ? parts.isParameter && inputFirstExperts(plainRole, shape, config)
    : rule?.inputFirst;
  return { block, role, ...kind, ...(inputFirst && { inputFirst }), ...(stacked && { stacked }) };
}

/** The module that a tensor belongs to, by its path in the model; a parameter without a layer ends it. */
export function moduleOf(name: string): readonly string[] {
  return name.length > tables.LONGEST_NAME ? [] : splitName(name).module;
}

/** The list of blocks that a tensor is in, and its module within the block; undefined outside of blocks. */
export function pathInBlock(
  name: string,
): { list: readonly string[]; path: readonly string[] } | undefined {
  if (name.length > tables.LONGEST_NAME) return undefined;
  const { module } = splitName(name);
  const place = placeOf(module);
  return place && { list: module.slice(0, place.prefix.length + 1), path: place.path };
}

function splitName(name: string): NameParts {
  const components = name.split('.');
  const parameter = components.at(-1)!;
  const before = components.slice(0, -1);
  // The torch way to keep the weights of several layers in one: `in_proj_weight`.
  const [, layer] = /^(\w*proj)_weight$/.exec(parameter) ?? [];
  if (layer !== undefined)
    return { module: [...before, layer], parameter: 'weight', isParameter: false };
  const isParameter = !tables.layerParameters.test(parameter) && !tables.quantised.test(parameter);
  const own = tables.ownBiases.test(parameter) ? parameter : parameter.replace(/_bias$/, '');
  const module = [...before, ...(isParameter ? [own] : [])];
  // Adapters wrap the module that they adapt.
  return { module: module.filter((part) => part !== 'base_layer'), parameter, isParameter };
}

interface Place {
  block: number;
  /** The module within the block, without the numbers of experts. */
  path: readonly string[];
  /** Before the list of blocks. */
  prefix: readonly string[];
}

function placeOf(module: readonly string[]): Place | undefined {
  // Four digits: a block number costs memory further on, and the name may come from anybody.
  const at = module.findIndex(
    (part, i) => i > 0 && /^\d{1,4}$/.test(part) && tables.blockLists.test(module[i - 1]!),
  );
  if (at < 0) return undefined;
  const prefix = module.slice(0, at - 1);
  if (prefix.some((part) => tables.towers.test(part))) return undefined;
  const inner = module.slice(at + 1);
  // Experts are `experts.3`, or `experts.expert_3` of Switch Transformers.
  const path = inner.filter(
    (part, i) => !(/^(expert_)?\d+$/.test(part) && /experts?$/.test(inner[i - 1]!)),
  );
  return { block: Number(module[at]), path, prefix };
}

function ruleFor(
  path: string,
  shape: readonly number[],
  type: string | undefined,
): tables.NamingRule | undefined {
  const [rows = 0, columns = 0] = shape;
  return tables.rules.find((rule) => {
    if (!rule.path.test(path)) return false;
    if (!rule.modelTypes) return true;
    if (type !== undefined) return rule.modelTypes.includes(type);
    return shape.length === 2 && (rule.shape?.(rows, columns) ?? false);
  });
}

function roleOf(path: readonly string[], rule: tables.NamingRule | undefined): string {
  if (rule?.pathIsRole) return path.join('.');
  // The factors of an adapter are in the module that they change.
  const factor = path.findIndex((part) => /^lora_/.test(part));
  const modules = factor < 0 ? path : path.slice(0, factor);
  const last = modules.at(-1) ?? 'weight';
  // The members of a list have numbers for names.
  if (/^\d+$/.test(last)) return modules.slice(-2).join('.');
  const cross = modules.find((part) => tables.crossAttentions.test(part));
  return cross !== undefined && cross !== last ? `${cross}.${last}` : last;
}
