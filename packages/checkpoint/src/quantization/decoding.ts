/** Weights that are made of the stored parts of a module where they are asked for, some elements at a time. */
import type { Values } from '../values/decoder.js';
import type { RoundedType } from '../values/rounding.js';
import { elementCount } from '../values/sizes.js';

export interface Decoding {
  readonly shape: readonly number[];
  /** The type in which the program of the format computes the values. */
  readonly dtype: RoundedType;
  /** Elements that are decoded together, such as those of rows that share words. */
  readonly unit: number;
  /** Bits of a code. */
  readonly bits: number;
  /**
   * Fills the target with the elements from `start` on: whole units, of which the last one of all may be
   * short.
   */
  decode(target: Values, start: number, signal?: AbortSignal): Promise<void>;
}

/** Bytes of codes that are read at a time. */
const CHUNK_BYTES = 1 << 20;

/** Fills the target with the elements from `start` on, in memory for a chunk of codes or one unit of them. */
export async function decodeElements(
  { shape, unit, bits, decode }: Decoding,
  target: Values,
  start: number,
  signal?: AbortSignal,
): Promise<void> {
  const count = elementCount(shape);
  const end = start + target.length;
  const most = Math.max(1, Math.floor((8 * CHUNK_BYTES) / bits / unit)) * unit;
  for (let at = start; at < end; ) {
    const first = at - (at % unit);
    if (first === at && (at + unit <= end || end === count)) {
      const to = end === count ? end : end - (end % unit);
      const next = Math.min(to, at + most);
      await decode(target.subarray(at - start, next - start), at, signal);
      at = next;
    } else {
      // The range begins or ends within a unit.
      const whole = new Float32Array(Math.min(unit, count - first));
      await decode(whole, first, signal);
      const to = Math.min(end, first + whole.length);
      target.set(whole.subarray(at - first, to - first), at - start);
      at = to;
    }
  }
}
