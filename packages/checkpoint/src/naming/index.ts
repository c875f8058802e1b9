/**
 * From the name and shape of a tensor to what it is: its block, its role there, what it is for and
 * how it is laid out. Each tensor is judged by itself, so that files can be described one by one;
 * the vocabulary is in `tables.ts`.
 */
import type { WeightKind } from '@alphalora/contracts/weights';
import { flagSetting, type ModelConfig, modelType, sizeSetting } from './config.js';
import * as tables from './tables.js';

export type { ModelConfig } from './config.js';

/** See the fields of the same names in `WeightDescription` of `@alphalora/contracts`. */
export interface TensorIdentity {
  block?: number;
  role?: string;
  kind: WeightKind;
  inputFirst?: boolean;
  stacked?: boolean;
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
  const parts = splitName(name);
  const place = placeOf(parts.module);
  if (!place) return { kind: outerKind(parts, shape) };
  const { block, path, prefix } = place;
  const rule = ruleFor(path.join('.'), shape, modelType(config));
  const kind = blockKind(parts, path, shape);
  const plainRole = roleOf(path, rule);
  const inEncoder =
    prefix.includes('encoder') &&
    (flagSetting(config, 'is_encoder_decoder') || parts.module[prefix.length] === 'block');
  const role = inEncoder ? `encoder.${plainRole}` : plainRole;
  if (kind !== 'projection') return { block, role, kind };
  const stacked = shape.length === 3 && tables.mixtures.test(path.join('.'));
  const inputFirst = stacked
    ? parts.isParameter && stackedInputFirst(plainRole, shape, sizeSetting(config, 'hidden_size'))
    : rule?.inputFirst;
  return { block, role, kind, ...(inputFirst && { inputFirst }), ...(stacked && { stacked }) };
}

interface NameParts {
  /** `['h', '0', 'attn', 'c_attn']` of `h.0.attn.c_attn.weight`. */
  module: readonly string[];
  /** `weight`, `bias`, ..., or the name of a parameter that is in no layer of its own. */
  parameter: string;
  /** Whether it is such a parameter, e.g. `experts.gate_up_proj`; its name then ends the module. */
  isParameter: boolean;
}

function splitName(name: string): NameParts {
  const components = name.split('.');
  const parameter = components.at(-1)!;
  const isParameter = !tables.layerParameters.test(parameter) && !tables.quantised.test(parameter);
  const own = tables.buffers.test(parameter) ? parameter : parameter.replace(/_bias$/, '');
  const module = [...components.slice(0, -1), ...(isParameter ? [own] : [])];
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
  const path = inner.filter((part, i) => !(/^\d+$/.test(part) && /experts?$/.test(inner[i - 1]!)));
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
  const modules = path.filter((part) => !/^lora_/.test(part) && part !== 'default');
  const last = modules.at(-1) ?? 'weight';
  // The members of a list have numbers for names.
  if (/^\d+$/.test(last)) return modules.slice(-2).join('.');
  const cross = modules.find((part) => tables.crossAttentions.test(part));
  return cross !== undefined && cross !== last ? `${cross}.${last}` : last;
}

/** What holds in blocks and outside of them; undefined when it depends on which. */
function commonKind(
  { module, parameter }: NameParts,
  shape: readonly number[],
): WeightKind | undefined {
  if (tables.quantised.test(parameter)) return 'other';
  if (module.some((part) => tables.buffers.test(part) || tables.adapterFactors.test(part))) {
    return 'other';
  }
  // GPT-2 keeps its causal mask, of four axes, as `attn.bias`.
  if (tables.biases.test(parameter)) return shape.length < 3 ? 'bias' : 'other';
  const last = module.at(-1);
  if (last !== undefined && tables.norms.test(last)) return 'norm';
  if (last !== undefined && tables.embeddings.test(last)) return 'embedding';
  // Vectors called weight are gains; others (`A_log`, `D`) are what they are.
  if (shape.length < 2) return shape.length === 1 && parameter === 'weight' ? 'norm' : 'other';
  return undefined;
}

function blockKind(
  parts: NameParts,
  path: readonly string[],
  shape: readonly number[],
): WeightKind {
  const common = commonKind(parts, shape);
  if (common) return common;
  const joined = path.join('.');
  if (tables.routers.test(joined)) return 'router';
  if (path.some((part) => tables.blockHeads.test(part))) return 'head';
  // Of parameters without a layer only projections are known; state-space models keep tables so.
  if (parts.isParameter && !tables.mixtures.test(joined) && !/(proj|qkv)$/i.test(joined)) {
    return 'other';
  }
  // The kernels of a depthwise convolution are vectors: they have no spectrum.
  if (shape.length > 2 && shape[1] === 1 && !tables.mixtures.test(joined)) return 'other';
  return 'projection';
}

function outerKind(parts: NameParts, shape: readonly number[]): WeightKind {
  const common = commonKind(parts, shape);
  if (common) return common;
  const { module } = parts;
  const inTower = module.some((part) => tables.towers.test(part));
  if (module.some((part) => tables.embeddings.test(part))) return 'embedding';
  if (tables.sharedEmbedding.test(module.at(-1) ?? '')) return 'embedding';
  if (inTower) return 'other';
  const isHead =
    module.some((part) => tables.heads.test(part)) || tables.headPaths.test(module.join('.'));
  return isHead ? 'head' : 'other';
}

/**
 * Whether experts stacked in one parameter are `[experts, in, out]`, as most are. Some checkpoints
 * have `[experts, out, in]`; the size of the hidden states tells them apart.
 */
function stackedInputFirst(
  role: string,
  [, first, second]: readonly number[],
  hidden: number | undefined,
): boolean {
  const hiddenIsSecond = first !== hidden && second === hidden;
  const hiddenIsFirst = first === hidden && second !== hidden;
  return tables.downProjections.test(role) ? !hiddenIsFirst : !hiddenIsSecond;
}
