/**
 * A part of a fused weight as a tensor of its own: every so-and-so-many indices along one axis.
 *
 * In row-major order such a part consists of runs of equal length. Long runs are read by themselves;
 * short ones are gathered from spans that cover many, a bounded number of elements at a time.
 */
import { elementCount } from '../dtypes.js';
import type { IndexPattern } from '../naming/fused.js';
import { allocateValues, type Values } from '../values/decode.js';
import type { Elements } from './stored.js';

/** Elements that are decoded at a time when runs are gathered. */
const SPAN = 1 << 18;

export interface Part {
  readonly shape: readonly number[];
  /** Decodes the part's elements from `start` on into all of `target`. */
  decode(target: Values, start: number, signal?: AbortSignal): Promise<void>;
  /** Where the part begins in the whole, when it is stored in one run. */
  readonly offset?: number;
}

/** @param axis along which `pattern` selects indices of `whole` */
export function partOf(whole: Elements, axis: number, pattern: IndexPattern): Part {
  const { length, count, start, period } = pattern;
  const shape = whole.shape.with(axis, length * count);
  const inner = elementCount(whole.shape.slice(axis + 1));
  const outerStride = whole.shape[axis]! * inner;
  const run = length * inner;
  const runs = elementCount(whole.shape.slice(0, axis)) * count;
  const positionOf = (index: number): number =>
    Math.floor(index / count) * outerStride + (start + (index % count) * period) * inner;

  async function decode(target: Values, from: number, signal?: AbortSignal): Promise<void> {
    let scratch: Values | undefined;
    for (let done = 0; done < target.length; ) {
      const index = Math.floor((from + done) / run);
      const skipped = (from + done) % run;
      const begin = positionOf(index) + skipped;
      const wanted = target.length - done;
      let end = begin + Math.min(run - skipped, wanted);
      let gathered = end - begin;
      let next = index + 1;
      while (gathered < wanted) {
        const taken = Math.min(run, wanted - gathered);
        const position = positionOf(next);
        if (position + taken - begin > SPAN) break;
        end = position + taken;
        gathered += taken;
        next++;
      }
      if (next === index + 1) {
        await whole.decode(target.subarray(done, done + gathered), begin, signal);
      } else {
        scratch ??= allocateValues(whole.dtype, SPAN);
        await whole.decode(scratch.subarray(0, end - begin), begin, signal);
        gather(target, done, gathered, (i) => positionOf(index + i) - begin, skipped);
      }
      done += gathered;
    }

    function gather(
      into: Values,
      at: number,
      total: number,
      offsetOf: (run: number) => number,
      skip: number,
    ): void {
      let written = 0;
      for (let i = 0; written < total; i++) {
        const first = offsetOf(i) + (i === 0 ? skip : 0);
        // The span begins at the first wanted element, so offsets are relative to it.
        const taken = Math.min(run - (i === 0 ? skip : 0), total - written);
        for (let j = 0; j < taken; j++) into[at + written + j] = scratch![first + j]!;
        written += taken;
      }
    }
  }

  return { shape, decode, ...(runs === 1 && { offset: positionOf(0) }) };
}
