/**
 * Projections that a family stores as one tensor: where each lies in it, by the layouts of the table.
 *
 * All that is known of a part is an axis and ranges of indices on it.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { flagSetting, type ModelConfig, modelType, sizeSetting } from './config.js';

export interface FusedPart {
  /** Short name of the part: `q`, `k`, `v`, `gate` or `up`. */
  label: string;
  /** `q_proj`, `k_proj`, `v_proj`, `gate_proj` or `up_proj`. */
  role: string;
  /** The axis of the stored tensor that is divided: that of the outputs. */
  axis: number;
  /** Indices `[start, end)` on the axis, in the order in which the part has them. */
  ranges: ReadonlyArray<readonly [number, number]>;
}

type Ranges = Array<readonly [number, number]>;

/**
 * How the outputs lie:
 *
 * - `equal`: one part after the other, all of one length; `turns`: one output of each in turn
 * - the others: in one or more groups, all queries of the group, then its keys, then its values;
 *   `together` is one group of all heads, `one-key` one with a single key head, `by-head` a group for
 *   each query head, `by-key` one for each key head
 */
type Order = 'equal' | 'turns' | Grouping;
type Grouping = 'together' | 'one-key' | 'by-head' | 'by-key';

interface FusedLayout {
  readonly role: RegExp;
  /** `model_type` values of config.json. Absent: all. */
  readonly modelTypes?: readonly string[];
  /** A setting of config.json that has to be true. */
  readonly flag?: string;
  /** Of matrices that are `[in, out]` only. */
  readonly inputFirst?: true;
  readonly labels: readonly string[];
  readonly order: Order;
}

const gated = { role: /^gate_up_proj$/, labels: ['gate', 'up'] };
const labels = ['q', 'k', 'v'];
/** The same names with a layout for each family. */
const ofFamilies = { role: /^(c_attn|query_key_value)$/, labels };

/** The first that applies is taken. */
const layouts: readonly FusedLayout[] = [
  { ...gated, modelTypes: ['gpt_oss'], order: 'turns' },
  { ...gated, order: 'equal' },
  // GPT-2's Conv1D.
  { role: /^c_attn$/, labels, inputFirst: true, order: 'equal' },
  { role: /^c_attn$/, labels, modelTypes: ['gpt2'], order: 'equal' },
  // Phi-3.
  { role: /^qkv_proj$/, labels, order: 'together' },
  { ...ofFamilies, modelTypes: ['gpt_neox', 'gpt_neox_japanese', 'bloom'], order: 'by-head' },
  { ...ofFamilies, modelTypes: ['falcon'], flag: 'new_decoder_architecture', order: 'by-key' },
  { ...ofFamilies, modelTypes: ['falcon', 'gpt_bigcode'], flag: 'multi_query', order: 'one-key' },
  { ...ofFamilies, modelTypes: ['falcon', 'gpt_bigcode'], order: 'by-head' },
];

/**
 * The projections in a fused one; empty when it is not fused.
 * @param config where the numbers of heads are
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the config does not say how the tensor
 * divides, or says what does not fit its shape
 */
export function fusedParts(weight: WeightDescription, config: ModelConfig = {}): FusedPart[] {
  const { shape, kind, inputFirst } = weight;
  // Of an empty tensor, the other sizes are claims without bytes behind them.
  if (kind !== 'projection' || shape.length < 2 || shape.includes(0)) return [];
  const layout = layoutOf(weight, config);
  if (!layout) return [];
  const axis = shape.length - (inputFirst ? 1 : 2);
  const ranges = rangesOf(weight, shape[axis]!, layout, config);
  return layout.labels.map((label, i) => {
    return { label, role: `${label}_proj`, axis, ranges: ranges[i]! };
  });
}

function layoutOf(weight: WeightDescription, config: ModelConfig): FusedLayout | undefined {
  const { name, role = '', inputFirst = false } = weight;
  const byName = /\battention\.query_key_value\b/.test(name) ? 'gpt_neox' : undefined;
  const type = modelType(config) ?? byName;
  const layout = layouts.find(
    (each) =>
      each.role.test(role) &&
      (!each.inputFirst || inputFirst) &&
      (!each.modelTypes || (type !== undefined && each.modelTypes.includes(type))) &&
      (each.flag === undefined || flagSetting(config, each.flag)),
  );
  if (layout || !ofFamilies.role.test(role)) return layout;
  headsOf(weight, config);
  throw unsupported(
    weight,
    type === undefined
      ? 'config.json gives no model_type'
      : `the layout of ${role} in model_type ${JSON.stringify(type)} is not known`,
  );
}

/** The ranges of each part when `size` outputs lie in the order of the layout. */
function rangesOf(
  weight: WeightDescription,
  size: number,
  { labels: { length: parts }, order }: FusedLayout,
  config: ModelConfig,
): Ranges[] {
  if (order !== 'equal' && order !== 'turns') return grouped(weight, size, order, config);
  const length = size / parts;
  if (!Number.isInteger(length)) {
    throw unsupported(weight, `its ${size} outputs do not divide into ${parts} equal parts`);
  }
  return Array.from({ length: parts }, (_, part): Ranges => {
    if (order === 'equal') return [[part * length, (part + 1) * length]];
    return Array.from({ length }, (_, i) => [parts * i + part, parts * i + part + 1]);
  });
}

/** Ranges of the queries, keys and values when `size` outputs are groups of them. */
function grouped(
  weight: WeightDescription,
  size: number,
  order: Grouping,
  config: ModelConfig,
): Ranges[] {
  const heads = headsOf(weight, config);
  const keyValueHeads = sizeSetting(config, 'num_key_value_heads', 'num_kv_heads') ?? heads;
  const groups = { together: 1, 'one-key': 1, 'by-head': heads, 'by-key': keyValueHeads }[order];
  /** Key heads in each group. */
  const keys = order === 'together' ? keyValueHeads : 1;
  const queries = heads / groups;
  const headSize = size / (groups * (queries + 2 * keys));
  const hidden = sizeSetting(config, 'hidden_size', 'n_embd');
  const expected = sizeSetting(config, 'head_dim') ?? (hidden ? hidden / heads : headSize);
  if (!Number.isInteger(queries) || !Number.isInteger(headSize) || headSize !== expected) {
    const each = groups > 1 ? ` in ${groups} groups` : '';
    throw unsupported(
      weight,
      `its ${size} outputs are not ${heads} query heads and ${groups * keys} key-value heads${each} of ${expected}, as config.json says`,
    );
  }
  const period = size / groups;
  const ends = [0, queries, queries + keys, queries + 2 * keys].map((head) => head * headSize);
  return labels.map((_, part) =>
    Array.from({ length: groups }, (_, group) => [
      group * period + ends[part]!,
      group * period + ends[part + 1]!,
    ]),
  );
}

function headsOf(weight: WeightDescription, config: ModelConfig): number {
  const heads = sizeSetting(config, 'num_attention_heads', 'n_head');
  if (heads !== undefined) return heads;
  throw unsupported(weight, 'config.json does not give num_attention_heads');
}

function unsupported({ name }: WeightDescription, why: string): AlphaLoraError {
  return new AlphaLoraError(
    'UNSUPPORTED_CHECKPOINT',
    `${name}: cannot be split: ${why}; open it beside its own config.json, or without splitting fused projections`,
    { details: { tensor: name } },
  );
}
