/**
 * From the name and shape of a tensor to what it is: its block, its role there, what it is for and
 * how it is laid out. Which of several stacks of blocks is the model's is decided over all names, in
 * `stacks.ts`; everything else of each tensor by itself. The vocabulary is in `tables.ts`.
 */
import { defined } from '@alphalora/contracts';
import type { StackPlace, WeightKind } from '@alphalora/contracts/weights';
import { flagSetting, type ModelConfig, modelType } from './config.js';
import { inputFirstExperts, rowsOfExperts } from './experts.js';
import { blockKind, type NameParts, outerKind } from './kinds.js';
import { type Place, type Stacks, stacksOf } from './stacks.js';
import * as tables from './tables.js';
import { unwrapped } from './wrappers.js';

export type { ModelConfig } from './config.js';

/** See the fields of the same names in `WeightDescription` of `@alphalora/contracts`. */
export interface TensorIdentity {
  block?: number;
  stack?: StackPlace;
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
 * to one projection, or to one of each expert.
 *
 * @param shape as stored
 * @param config decides where names leave a choice: Conv1D or linear, the layout of stacked experts
 * @param stacks of the checkpoint that it is in; alone, its own list is the main one
 */
export function identify(
  name: string,
  shape: readonly number[],
  config: ModelConfig = {},
  stacks: Pick<Stacks, 'placeOf'> = stacksOf([{ name, shape }]),
): TensorIdentity {
  if (name.length > tables.LONGEST_NAME) return { kind: 'other' };
  const parts = splitName(name);
  const place = stacks.placeOf(parts.module);
  if (!place) return outerKind(parts, shape);
  const { block, stack, path } = place;
  const rule = ruleFor(path.join('.'), shape, modelType(config));
  const kind = blockKind(parts, path, shape);
  const role = roleOf(path.length > 0 ? path : parts.module.slice(place.prefix.length, -1), rule);
  const identity = {
    ...defined({ block, stack }),
    role: isLoneEncoder(place, parts.module, config) ? `encoder.${role}` : role,
    ...kind,
  };
  if (kind.kind !== 'projection') return identity;
  if (shape.length === 2 && tables.expertRows.test(path.join('.'))) {
    return { ...identity, ...rowsOfExperts(role, shape, config) };
  }
  const isGates = tables.stackedGates.test(path.join('.'));
  const stacked = shape.length === 3 && (isGates || tables.mixtures.test(path.join('.')));
  const inputFirst =
    stacked && !isGates
      ? parts.isParameter && inputFirstExperts(role, shape, config)
      : (rule?.inputFirst ?? isGates);
  return { ...identity, ...(inputFirst && { inputFirst }), ...(stacked && { stacked }) };
}

/** One without its decoder: its roles keep the mark that they have always had. */
function isLoneEncoder(
  { stack, prefix }: Place,
  module: readonly string[],
  config: ModelConfig,
): boolean {
  if (stack || !prefix.includes('encoder')) return false;
  return flagSetting(config, 'is_encoder_decoder') || module[prefix.length] === 'block';
}

/** The module that a tensor belongs to, by its path in the model; a parameter without a layer ends it. */
export function moduleOf(name: string): readonly string[] {
  return name.length > tables.LONGEST_NAME ? [] : splitName(name).module;
}

/** The list of blocks that a tensor is in, and its module within the block; undefined outside of blocks. */
export function pathInBlock(
  name: string,
  { placeOf }: Pick<Stacks, 'placeOf'>,
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
  // The torch way to keep the weights of several layers in one: `in_proj_weight`; RecurrentGemma's gates.
  const [, layer] = /^(\w*proj|(?:input|recurrent)_gate)_weight$/.exec(parameter) ?? [];
  if (layer !== undefined)
    return { module: unwrapped([...before, layer]), parameter: 'weight', isParameter: false };
  const isParameter = !tables.layerParameters.test(parameter) && !tables.quantised.test(parameter);
  const own = tables.ownBiases.test(parameter) ? parameter : parameter.replace(/_bias$/, '');
  const module = [...before, ...(isParameter ? [own] : [])];
  return { module: unwrapped(module), parameter, isParameter };
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
  if (/^\d+$/.test(last)) {
    const list = modules.findLastIndex((part) => !/^\d+$/.test(part));
    return modules.slice(Math.max(list, 0)).join('.');
  }
  const cross = modules.find((part) => tables.crossAttentions.test(part));
  return cross !== undefined && cross !== last ? `${cross}.${last}` : last;
}
