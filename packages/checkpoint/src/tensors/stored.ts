/**
 * Reading the elements of a stored tensor: in chunks of about a megabyte, so that a tensor never
 * lies in memory both raw and decoded; F32 and F64 go straight into the array that is returned.
 */
import { AlphaLoraError, type ByteSource, type DType } from '@alphalora/contracts';
import { bytesPerElement, elementCount } from '../dtypes.js';
import { unsupported } from '../errors.js';
import type { StoredTensor } from '../safetensors/header.js';
import { allocateValues, decodeInto, isStoredAsDecoded, type Values } from '../values/decode.js';

/** Bytes that are read at a time before they are decoded. */
const CHUNK_BYTES = 1 << 20;

/** The elements of a tensor in its file. */
export interface Elements {
  readonly name: string;
  readonly file: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Decodes the elements from `start` on into all of `target`. */
  decode(target: Values, start: number, signal?: AbortSignal): Promise<void>;
  /** The stored bytes of the elements from `start` on. */
  readInto(target: Uint8Array, start: number, signal?: AbortSignal): Promise<void>;
}

export function storedElements(source: ByteSource, stored: StoredTensor): Elements {
  const { name, dtype, shape } = stored;
  const size = bytesPerElement(dtype);
  const count = elementCount(shape);
  return {
    ...{ name, file: source.name, dtype, shape },
    async decode(target, start, signal) {
      const from = stored.start + start * size;
      if (isStoredAsDecoded(dtype)) {
        const { buffer, byteOffset, byteLength } = target;
        await fill(source, new Uint8Array(buffer, byteOffset, byteLength), from, signal);
        return;
      }
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, target.length * size));
      for (let done = 0; done < target.length; ) {
        const length = Math.min(chunk.byteLength / size, target.length - done);
        const bytes = chunk.subarray(0, length * size);
        await fill(source, bytes, from + done * size, signal);
        decodeInto(bytes, dtype, target.subarray(done, done + length));
        done += length;
      }
    },
    async readInto(target, start, signal) {
      checkRange(name, start, start + target.byteLength / size, count);
      await fill(source, target, stored.start + start * size, signal);
    },
  };
}

async function fill(
  source: ByteSource,
  target: Uint8Array,
  start: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (target.byteLength === 0) return;
  if (source.readInto) return source.readInto(target, start, signal);
  for (let done = 0; done < target.byteLength; ) {
    const length = Math.min(CHUNK_BYTES, target.byteLength - done);
    const bytes = await source.read(start + done, start + done + length, signal);
    if (bytes.byteLength !== length) {
      throw new AlphaLoraError(
        'IO_FAILED',
        `${source.name}: asked for ${length} bytes from ${start + done}, got ${bytes.byteLength}; try again`,
        { details: { file: source.name } },
      );
    }
    target.set(bytes, done);
    done += length;
  }
}

/**
 * Decodes the elements `[start, end)` of something with `count` elements.
 *
 * @param decode fills its argument with the elements from `start` on
 * @throws AlphaLoraError `INVALID_OPTION` when the range is none, `UNSUPPORTED_CHECKPOINT` when it
 *   is too large for one array
 */
export async function readRange(
  { name, file, dtype }: Pick<Elements, 'name' | 'file' | 'dtype'>,
  [start, end, count]: readonly [start: number, end: number, count: number],
  decode: (target: Values) => Promise<void>,
): Promise<Values> {
  checkRange(name, start, end, count);
  let values: Values;
  try {
    values = allocateValues(dtype, end - start);
  } catch (cause) {
    throw unsupported(
      `${end - start} elements do not fit into one array in memory; read it in parts`,
      { file, tensor: name, cause },
    );
  }
  await decode(values);
  return values;
}

function checkRange(name: string, start: number, end: number, count: number): void {
  if (
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    start >= 0 &&
    start <= end &&
    end <= count
  )
    return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name}: elements ${start} to ${end} asked for, it has ${count}`,
    { details: { tensor: name } },
  );
}
