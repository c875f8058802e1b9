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

  /** Runs from the element `from` on that lie within one span, at most `wanted` elements of them. */
  function spanFrom(from: number, wanted: number): { begin: number; end: number; taken: number } {
    let index = Math.floor(from / run);
    const skipped = from % run;
    const begin = positionOf(index) + skipped;
    let taken = Math.min(run - skipped, wanted);
    let end = begin + taken;
    while (taken < wanted) {
      const next = Math.min(run, wanted - taken);
      const position = positionOf(++index);
      if (position + next - begin > SPAN) break;
      end = position + next;
      taken += next;
    }
    return { begin, end, taken };
  }

  async function decode(target: Values, start: number, signal?: AbortSignal): Promise<void> {
    let span: Values | undefined;
    for (let done = 0; done < target.length; ) {
      const from = start + done;
      const { begin, end, taken } = spanFrom(from, target.length - done);
      const part = target.subarray(done, done + taken);
      if (end - begin === taken) {
        await whole.decode(part, begin, signal);
      } else {
        span ??= allocateValues(whole.dtype, Math.min(SPAN, outerStride * runs));
        await whole.decode(span.subarray(0, end - begin), begin, signal);
        gather(span, begin, part, from);
      }
      done += taken;
    }
  }

  /** Fills `part`, the elements from `from` on, out of a span that begins at `begin` of the whole. */
  function gather(span: Values, begin: number, part: Values, from: number): void {
    for (let i = 0; i < part.length; ) {
      const skipped = (from + i) % run;
      const position = positionOf(Math.floor((from + i) / run)) + skipped - begin;
      const end = Math.min(part.length, i + run - skipped);
      for (let j = position; i < end; i++, j++) part[i] = span[j]!;
    }
  }

  return { shape, decode, ...(runs === 1 && { offset: positionOf(0) }) };
}
