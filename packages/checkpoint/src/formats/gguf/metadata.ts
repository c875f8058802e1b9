/**
 * The key-value pairs at the start of a GGUF file (docs/gguf.md of ggml-org/ggml). Arrays stay the bytes
 * that they are until they are asked for: a vocabulary has several hundred thousand texts, and most
 * commands need none of them.
 */
import { quoted } from '../../errors.js';
import { decodeText, type HeaderCursor } from './cursor.js';

type MetadataValue = number | boolean | string | MetadataArray;
export type Metadata = ReadonlyMap<string, MetadataValue>;

interface MetadataArray {
  readonly length: number;
  /** Each as it was written; undefined for an array of arrays. */
  values(): Array<number | boolean | string> | undefined;
}

interface Scalar {
  readonly bytes: number;
  read(view: DataView, at: number): number | boolean;
}

/** By the numbers of `gguf_metadata_value_type`; 8 is a text, 9 an array. */
const scalars: Readonly<Record<number, Scalar>> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => shortest(view.getFloat32(at, true)) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  10: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  11: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};
const TEXT = 8;
const ARRAY = 9;
/** The specification has arrays of arrays, and nobody writes them. */
const DEEPEST = 4;

/** Of a float32, the number that it was written for: 1e-5 rather than 0.000009999999747378752. */
function shortest(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === value ? short : value;
}

/** A key, its length, and a value of one byte with its type. */
const LEAST_PAIR = 8 + 4 + 1;

/** @throws AlphaLoraError `INVALID_CHECKPOINT` */
export async function readMetadata(cursor: HeaderCursor, pairs: number): Promise<Metadata> {
  cursor.requireLeft(pairs * LEAST_PAIR, `its ${pairs} pairs of metadata`);
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < pairs; i++) {
    const key = await cursor.text('a key of its metadata');
    const type = await cursor.uint32('a type of its metadata');
    if (metadata.has(key)) throw cursor.damaged(`its metadata have ${quoted(key)} twice`);
    metadata.set(key, await readValue(cursor, type, quoted(key)));
  }
  return metadata;
}

async function readValue(cursor: HeaderCursor, type: number, what: string): Promise<MetadataValue> {
  if (type === TEXT) return cursor.text(what);
  if (type === ARRAY) return readArray(cursor, what, 1);
  const scalar = scalarOf(cursor, type, what);
  const wait = cursor.need(scalar.bytes, what);
  if (wait) await wait;
  const value = scalar.read(cursor.view, cursor.at);
  cursor.at += scalar.bytes;
  return value;
}

function scalarOf(cursor: HeaderCursor, type: number, what: string): Scalar {
  const scalar = scalars[type];
  if (!scalar) throw cursor.damaged(`${what} has the type ${type}, which the format has not`);
  return scalar;
}

/** Passes over an array. */
async function readArray(
  cursor: HeaderCursor,
  what: string,
  depth: number,
): Promise<MetadataArray> {
  if (depth > DEEPEST) throw cursor.damaged(`${what} has arrays more than ${DEEPEST} deep`);
  const type = await cursor.uint32(what);
  const length = await cursor.count(`the length of ${what}`);
  const values = `the ${length} values of ${what}`;
  if (type === ARRAY) {
    cursor.requireLeft(length * 12, values);
    for (let i = 0; i < length; i++) await readArray(cursor, what, depth + 1);
    return { length, values: () => undefined };
  }
  if (type === TEXT) {
    cursor.requireLeft(length * 8, values);
    const start = cursor.at;
    for (let i = 0; i < length; i++) {
      const bytes = await cursor.count(`the length of a text in ${what}`);
      const wait = cursor.need(bytes, `a text in ${what}`);
      if (wait) await wait;
      cursor.at += bytes;
    }
    const end = cursor.at;
    return { length, values: () => texts(cursor.bytes.subarray(start, end), length) };
  }
  const scalar = scalarOf(cursor, type, what);
  const wait = cursor.need(length * scalar.bytes, values);
  if (wait) await wait;
  const start = cursor.at;
  cursor.at += length * scalar.bytes;
  return {
    length,
    values: () =>
      Array.from({ length }, (_, i) => scalar.read(cursor.view, start + i * scalar.bytes)),
  };
}

/** The texts of an array whose lengths have been checked. */
function texts(bytes: Uint8Array, length: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return Array.from({ length }, () => {
    const start = at + 8;
    at = start + Number(view.getBigUint64(at, true));
    return decodeText(bytes.subarray(start, at));
  });
}
