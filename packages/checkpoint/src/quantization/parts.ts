/** Reading the stored parts that a weight is made of as bytes. */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { storedBytes } from '../values/sizes.js';
import { type SmallFloat, valuesOf } from '../values/small-floats.js';

type Range = readonly [start: number, end: number];

const integers = {
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
} as const;

/** The bytes of stored elements, at the beginning of a buffer. */
export async function bytesOf(
  part: StoredTensor,
  [start, end]: Range,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { dtype, readInto, read } = part;
  const bytes = new Uint8Array(storedBytes(dtype, end - start));
  if (readInto) {
    await readInto(bytes, start, signal);
    return bytes;
  }
  // A view whose elements are not stored in one run.
  const values = await read(start, end, signal);
  const Integers = integers[dtype as keyof typeof integers];
  if (Integers) return new Uint8Array(Integers.from(values).buffer);
  const codes = new Map([...valuesOf(dtype as SmallFloat)].map((value, code) => [value, code]));
  return bytes.map((_, i) => codes.get(values[i]!)!);
}

/** Words of 32 bits. */
export async function wordsOf(
  part: StoredTensor,
  range: Range,
  signal?: AbortSignal,
): Promise<Int32Array> {
  return new Int32Array((await bytesOf(part, range, signal)).buffer);
}
