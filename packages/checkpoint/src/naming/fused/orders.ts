/**
 * How the outputs of fused projections lie, as numbers: in one group or more of the same make, each with
 * so many outputs of each part, one part after the other.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { type ModelConfig, sizeSetting } from '../config.js';

/** What is to be divided. */
interface Fused {
  readonly weight: WeightDescription;
  /** How many outputs it has. */
  readonly size: number;
  /** How many parts. */
  readonly parts: number;
  readonly config: ModelConfig;
}

export interface Division {
  readonly groups: number;
  /** Outputs of each part in a group. */
  readonly lengths: readonly number[];
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when sizes are missing or do not fit the tensor */
export type Order = (fused: Fused) => Division;

/** One part after the other, all of one length. */
export const equal: Order = (fused) => inGroups(fused, 1);

/** One output of each part in turn. */
export const turns: Order = (fused) => inGroups(fused, fused.size / fused.parts);

/** As many groups as the model was trained on devices at a time, always four. */
export const fourGroups: Order = (fused) => {
  headsOf(fused);
  return inGroups(fused, 4);
};

/** As many queries, keys and values as there are inputs, then the first half of the feed-forward part. */
export const withFeedForward: Order = (fused) => {
  const width = fused.weight.shape.at(-1)!;
  return checked(fused, { groups: 1, lengths: [width, width, width, fused.size - 3 * width] });
};

function inGroups({ weight, size, parts }: Fused, groups: number): Division {
  const length = size / groups / parts;
  if (Number.isInteger(groups) && Number.isInteger(length)) {
    return { groups, lengths: new Array<number>(parts).fill(length) };
  }
  const each = groups === 4 ? 'four groups of ' : '';
  throw unsupported(weight, `its ${size} outputs do not divide into ${each}${parts} equal parts`);
}

/** All query heads, then all key heads, then all value heads. */
export const together: Order = (fused) => ofHeads(fused, 1, keyHeadsOf(fused));

/** All query heads, then one key head, then one value head. */
export const oneKey: Order = (fused) => ofHeads(fused, 1, 1);

/** For each head its query, its key, its value. */
export const byHead: Order = (fused) => ofHeads(fused, headsOf(fused), 1);

/** For each key head the queries that go with it, then the key, then its value. */
export const byKey: Order = (fused) => ofHeads(fused, keyHeadsOf(fused), 1);

/** @param keys key heads in each group */
function ofHeads(fused: Fused, groups: number, keys: number): Division {
  const { weight, size, config } = fused;
  const heads = headsOf(fused);
  const queries = heads / groups;
  const headSize = size / (groups * (queries + 2 * keys));
  const hidden = sizeSetting(config, 'hidden_size', 'n_embd', 'd_model');
  const expected =
    sizeSetting(config, 'head_dim', 'kv_channels') ?? (hidden ? hidden / heads : headSize);
  if (Number.isInteger(queries) && Number.isInteger(headSize) && headSize === expected) {
    return { groups, lengths: [queries, keys, keys].map((count) => count * headSize) };
  }
  const each = groups > 1 ? ` in ${groups} groups` : '';
  throw unsupported(
    weight,
    `its ${size} outputs are not ${heads} query heads and ${groups * keys} key-value heads${each} of ${expected}, as config.json says`,
  );
}

/** For each head its query, then the gate of its output. */
export const queriesWithGates: Order = (fused) => inGroups(fused, headsOf(fused));

/** Qwen3-Next's linear attention: for each key head its query, key, values and gates `z`. */
export const keysWithValuesAndGates: Order = (fused) => {
  const { keys, keySize, values } = linearHeadsOf(fused);
  return checked(fused, { groups: keys, lengths: [keySize, keySize, values, values] });
};

/** Two numbers for each value head, `b` and `a`, in groups of those that go with one key head. */
export const numbersOfValues: Order = (fused) => {
  const { keys, valuesPerKey } = linearHeadsOf(fused);
  return checked(fused, { groups: keys, lengths: [valuesPerKey, valuesPerKey] });
};

/** All queries, all keys, all values of a linear attention. */
export const linearTogether: Order = (fused) => {
  const { keys, keySize, values } = linearHeadsOf(fused);
  return checked(fused, { groups: 1, lengths: [keys * keySize, keys * keySize, keys * values] });
};

/** @returns `values`: outputs of the values that go with one key head */
function linearHeadsOf({ weight, config }: Fused) {
  const size = (name: string): number => {
    const found = sizeSetting(config, name);
    if (found === undefined) throw unsupported(weight, `config.json does not give ${name}`);
    return found;
  };
  const keys = size('linear_num_key_heads');
  const valuesPerKey = size('linear_num_value_heads') / keys;
  const values = valuesPerKey * size('linear_value_head_dim');
  return { keys, keySize: size('linear_key_head_dim'), valuesPerKey, values };
}

function checked({ weight, size }: Fused, division: Division): Division {
  const { groups, lengths } = division;
  const sum = lengths.reduce((total, length) => total + length, 0);
  if (lengths.every(isLength) && groups * sum === size) return division;
  throw unsupported(
    weight,
    `its ${size} outputs are not ${groups} × (${lengths.join(' + ')}), as config.json or its inputs say`,
  );
}

function isLength(length: number): boolean {
  return Number.isInteger(length) && length > 0;
}

function headsOf({ weight, config }: Fused): number {
  const heads = sizeSetting(config, 'num_attention_heads', 'n_head', 'n_heads');
  if (heads !== undefined) return heads;
  throw unsupported(weight, 'config.json does not give num_attention_heads');
}

function keyHeadsOf(fused: Fused): number {
  const { config } = fused;
  const inner = config['attn_config'];
  return (
    sizeSetting(
      config,
      'num_key_value_heads',
      'num_kv_heads',
      'n_kv_heads',
      'multi_query_group_num',
    ) ??
    // DBRX and MPT.
    (inner ? sizeSetting(inner as ModelConfig, 'kv_n_heads') : undefined) ??
    headsOf(fused)
  );
}

export function unsupported({ name }: WeightDescription, why: string): AlphaLoraError {
  return new AlphaLoraError(
    'UNSUPPORTED_CHECKPOINT',
    `${name}: cannot be split: ${why}; open it beside its own config.json, or without splitting fused projections`,
    { details: { tensor: name, reason: why } },
  );
}
