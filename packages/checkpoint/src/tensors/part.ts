/**
 * Reading a part of a stored tensor, such as the queries of a fused projection, as a tensor of its own.
 * Of a part, an axis is known and the ranges of indices on it.
 */
import {
  elementTypes,
  type WeightDescription,
  type WeightTensor,
} from '@alphalora/contracts/weights';
import type { FusedPart } from '../naming/fused/index.js';
import { allocateValues, decodeInto } from '../values/decode.js';
import { elementCount, fillsBlocks, storedBytes } from '../values/sizes.js';
import { factorsOfPart } from './low-rank.js';
import { checkRange } from './range.js';
import { noted, plainWeight } from './recipe.js';

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
  const count = elementCount(shape);
  const name = `${weight.name}[${part.label}]`;
  const offset = singleRun(weight, part);
  const tensor: WeightTensor = {
    ...description,
    name,
    role: part.role,
    shape,
    partOf: weight.name,
    // Which rows a label stands for follows from the configuration.
    ...(identity !== undefined && {
      identity: `${identity} ${part.axis} ${part.ranges.join(' ')}`,
    }),
    async read(start = 0, end = count, signal?: AbortSignal) {
      checkRange(name, start, end, count);
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
      fillsBlocks(weight.dtype, elementCount(shape.slice(part.axis + 1))) && {
        readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
          checkRange(name, start, count, count);
          return weight.readInto!(target, offset + start, signal);
        },
      }),
  };
  const whole = plainWeight(weight);
  return noted(tensor, whole && { from: 'part', whole, part });
}

/** The first stored element of a part that is one run; undefined for others. */
function singleRun({ shape }: WeightDescription, { axis, ranges }: FusedPart): number | undefined {
  if (ranges.length !== 1 || elementCount(shape.slice(0, axis)) !== 1) return undefined;
  return ranges[0]![0] * elementCount(shape.slice(axis + 1));
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
  const inner = elementCount(shape.slice(axis + 1));
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
