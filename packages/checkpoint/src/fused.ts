/**
 * Projections that a family stores as one tensor: where each lies in it, and the parts as tensors.
 *
 * All that is known of a part is an axis and ranges of indices on it. Queries, keys and values are,
 * in one or more groups, all queries of the group, then its keys, then its values: one group in
 * Phi-3, one for each head in GPT-NeoX and BLOOM, one for each key-value head in Falcon.
 */
import {
  AlphaLoraError,
  elementTypes,
  type WeightDescription,
  type WeightTensor,
} from '@alphalora/contracts';
import { factorsOfPart } from './low-rank.js';
import { flagSetting, type ModelConfig, modelType, sizeSetting } from './naming/config.js';
import { allocateValues, decodeInto } from './values/decode.js';
import { fillsBlocks, storedBytes } from './values/sizes.js';

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

const attention = ['q', 'k', 'v'];
const gated = ['gate', 'up'];

/**
 * The projections in a fused one; empty when it is not fused.
 * @param config where the numbers of heads are
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the config does not say how the tensor
 * divides, or says what does not fit its shape
 */
export function fusedParts(weight: WeightDescription, config: ModelConfig = {}): FusedPart[] {
  const { shape, role, kind, inputFirst } = weight;
  // Of an empty tensor, the other sizes are claims without bytes behind them.
  if (kind !== 'projection' || shape.length < 2 || shape.includes(0)) return [];
  const axis = shape.length - (inputFirst ? 1 : 2);
  const parts = (labels: readonly string[], ranges: readonly Ranges[]): FusedPart[] =>
    labels.map((label, i) => ({ label, role: `${label}_proj`, axis, ranges: ranges[i]! }));
  const size = shape[axis]!;
  switch (role) {
    case 'gate_up_proj':
      return parts(gated, gateAndUp(weight, size, modelType(config)));
    case 'c_attn':
      if (inputFirst) return parts(attention, equal(weight, size, 3));
      return parts(attention, grouped(weight, size, config));
    case 'qkv_proj':
    case 'query_key_value':
      return parts(attention, grouped(weight, size, config));
    default:
      return [];
  }
}

function gateAndUp(weight: WeightDescription, size: number, type: string | undefined): Ranges[] {
  const halves = equal(weight, size, 2);
  if (type !== 'gpt_oss') return halves;
  // One output of each in turn.
  const turns = (first: number): Ranges =>
    Array.from({ length: size / 2 }, (_, i) => [2 * i + first, 2 * i + first + 1]);
  return [turns(0), turns(1)];
}

function equal(weight: WeightDescription, size: number, count: number): Ranges[] {
  const length = size / count;
  if (!Number.isInteger(length)) {
    throw unsupported(weight, `its ${size} outputs do not divide into ${count} equal parts`);
  }
  return Array.from({ length: count }, (_, i) => [[i * length, (i + 1) * length]]);
}

/** Ranges of the queries, keys and values when `size` outputs are groups of them. */
function grouped(weight: WeightDescription, size: number, config: ModelConfig): Ranges[] {
  const heads = sizeSetting(config, 'num_attention_heads', 'n_head');
  if (heads === undefined) {
    throw unsupported(weight, 'config.json does not give num_attention_heads');
  }
  const { groups, keys } = headGroups(weight, heads, config);
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
  return attention.map((_, part) =>
    Array.from({ length: groups }, (_, group) => [
      group * period + ends[part]!,
      group * period + ends[part + 1]!,
    ]),
  );
}

/** The number of groups, and that of key heads in each. */
function headGroups(
  weight: WeightDescription,
  heads: number,
  config: ModelConfig,
): { groups: number; keys: number } {
  const { name, role } = weight;
  const type = modelType(config);
  const keyValueHeads = sizeSetting(config, 'num_key_value_heads', 'num_kv_heads');
  if (role === 'qkv_proj') return { groups: 1, keys: keyValueHeads ?? heads };
  switch (type ?? (/\battention\.query_key_value\b/.test(name) ? 'gpt_neox' : undefined)) {
    case 'gpt_neox':
    case 'gpt_neox_japanese':
    case 'bloom':
      return { groups: heads, keys: 1 };
    case 'gpt_bigcode':
      return { groups: flagSetting(config, 'multi_query') ? 1 : heads, keys: 1 };
    case 'falcon':
      if (flagSetting(config, 'new_decoder_architecture')) {
        return { groups: keyValueHeads ?? heads, keys: 1 };
      }
      return { groups: flagSetting(config, 'multi_query') ? 1 : heads, keys: 1 };
    default:
      throw unsupported(
        weight,
        type === undefined
          ? 'config.json gives no model_type'
          : `the layout of ${role} in model_type ${JSON.stringify(type)} is not known`,
      );
  }
}

function unsupported({ name }: WeightDescription, why: string): AlphaLoraError {
  return new AlphaLoraError(
    'UNSUPPORTED_CHECKPOINT',
    `${name}: cannot be split: ${why}; open it beside its own config.json, or without splitting fused projections`,
    { details: { tensor: name } },
  );
}

/** Elements that are read at a time where a part is scattered: 1 MB of float32. */
const CHUNK = 1 << 18;
/** Gaps of fewer elements are read over: a request costs more than they do. */
const GAP = 1 << 14;

/**
 * A part as a tensor of its own, named `<stored name>[<label>]`.
 *
 * Its `read` takes elements in the part's own row-major order. `readInto` is there when the part is
 * one run of stored elements, such as rows of a matrix. Beside the values it returns, a scattered
 * part takes one chunk, as stored and decoded: 1 to 4 MB.
 */
export function partOf(weight: WeightTensor, part: FusedPart): WeightTensor {
  const { read: _, readInto: __, factors, identity, ...description } = weight;
  const length = part.ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  const shape = weight.shape.with(part.axis, length);
  const count = product(shape);
  const name = `${weight.name}[${part.label}]`;
  const offset = singleRun(weight, part);
  return {
    ...description,
    ...{ name, role: part.role, shape, partOf: weight.name },
    // Which rows a label stands for follows from the configuration.
    ...(identity !== undefined && {
      identity: `${identity} ${part.axis} ${part.ranges.join(' ')}`,
    }),
    async read(start = 0, end = count, signal?: AbortSignal) {
      requireRange(name, start, end, count);
      if (offset !== undefined) return weight.read(offset + start, offset + end, signal);
      return gather(weight, runs(weight, part, start, end), end - start, signal);
    },
    ...(factors && {
      factors: factorsOfPart(
        factors,
        weight.shape as [number, number],
        part.axis as 0 | 1,
        part.ranges,
      ),
    }),
    // A part that begins within a block cannot be handed out as it is stored.
    ...(weight.readInto &&
      offset !== undefined &&
      fillsBlocks(weight.dtype, product(shape.slice(part.axis + 1))) && {
        readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
          requireRange(name, start, count, count);
          return weight.readInto!(target, offset + start, signal);
        },
      }),
  };
}

/** The first stored element of a part that is one run; undefined for others. */
function singleRun({ shape }: WeightDescription, { axis, ranges }: FusedPart): number | undefined {
  if (ranges.length !== 1 || product(shape.slice(0, axis)) !== 1) return undefined;
  return ranges[0]![0] * product(shape.slice(axis + 1));
}

/** Consecutive elements of a part that are consecutive in the stored tensor as well. */
interface Run {
  stored: number;
  length: number;
}

/** The runs, of at most {@link CHUNK} elements, that make up the elements `[start, end)` of a part. */
function* runs(
  { shape }: WeightDescription,
  { axis, ranges }: FusedPart,
  start: number,
  end: number,
): Generator<Run> {
  const inner = product(shape.slice(axis + 1));
  const slab = inner * shape[axis]!;
  const partSlab = inner * ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  if (partSlab === 0) return;
  let at = start - (start % partSlab);
  for (let outer = at / partSlab; at < end; outer++) {
    for (const [from, to] of ranges) {
      const next = at + (to - from) * inner;
      const stored = outer * slab + from * inner - at;
      const last = Math.min(next, end);
      for (let i = Math.max(at, start); i < last; i += CHUNK) {
        yield { stored: stored + i, length: Math.min(CHUNK, last - i) };
      }
      at = next;
      if (at >= end) return;
    }
  }
}

/** Reads spans of stored elements that cover as many runs as a chunk holds, and copies the runs. */
async function gather(
  weight: WeightTensor,
  pieces: Iterable<Run>,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array | Float64Array> {
  const values = allocateValues(weight.dtype, length);
  const readSpan = spanReader(weight, signal);
  let filled = 0;
  let pending: Run[] = [];
  const flush = async (): Promise<void> => {
    const from = pending[0]!.stored;
    const last = pending.at(-1)!;
    const span = await readSpan(from, last.stored + last.length);
    for (const run of pending) {
      const source = run.stored - from;
      if (run.length < 16) {
        for (let i = 0; i < run.length; i++) values[filled + i] = span[source + i]!;
      } else values.set(span.subarray(source, source + run.length), filled);
      filled += run.length;
    }
    pending = [];
  };
  for (const run of pieces) {
    const last = pending.at(-1);
    if (last && !fitsSpan(pending[0]!, last, run)) await flush();
    pending.push(run);
  }
  if (pending.length > 0) await flush();
  return values;
}

/**
 * Reads stored elements `[start, end)`, at most {@link CHUNK}. The values are valid until the next
 * call: buffers are used again, as garbage would pile up faster than it is collected.
 */
function spanReader(
  weight: WeightTensor,
  signal: AbortSignal | undefined,
): (start: number, end: number) => Promise<Float32Array | Float64Array> {
  const { dtype, readInto } = weight;
  // Of types in blocks, spans may begin and end within one.
  if (!readInto || elementTypes[dtype].elements > 1) {
    return (start, end) => weight.read(start, end, signal);
  }
  const stored = new Uint8Array(storedBytes(dtype, CHUNK));
  const decoded = allocateValues(dtype, CHUNK);
  return async (start, end) => {
    const bytes = stored.subarray(0, storedBytes(dtype, end - start));
    await readInto(bytes, start, signal);
    const values = decoded.subarray(0, end - start);
    decodeInto(bytes, dtype, values);
    return values;
  };
}

function fitsSpan(first: Run, last: Run, next: Run): boolean {
  const gap = next.stored - (last.stored + last.length);
  return gap >= 0 && gap < GAP && next.stored + next.length - first.stored <= CHUNK;
}

function requireRange(name: string, start: number, end: number, count: number): void {
  const valid = Number.isInteger(start) && Number.isInteger(end);
  if (valid && start >= 0 && start <= end && end <= count) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name}: elements ${start} to ${end} were asked for, it has ${count}`,
    { details: { tensor: name } },
  );
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((result, length) => result * length, 1);
}
