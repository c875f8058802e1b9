/**
 * Reading the elements of a stored tensor: in chunks of about a megabyte, so that a tensor never
 * lies in memory both raw and decoded; F32 and F64 go straight into the array that is returned.
 */
import { AlphaLoraError, errorIn } from '@alphalora/contracts';
import { type ByteSource, elementTypes, type StoredTensor } from '@alphalora/contracts/weights';
import { decodeInto, decodeValues, isStoredAsDecoded, type Values } from '../values/decode.js';
import { elementCount, fillsBlocks } from '../values/sizes.js';
import { checkRange, readRange } from './range.js';
import { noted, type TensorPlace } from './recipe.js';
import { withRowsInOrder } from './row-order.js';

/** Bytes that are read at a time before they are decoded. */
const CHUNK_BYTES = 1 << 20;

/** A tensor that lies in one run of little-endian bytes. */
export function storedTensor(source: ByteSource, place: TensorPlace): StoredTensor {
  const { rows, added } = place;
  const run = inOneRun(source, place);
  const ordered = rows ? withRowsInOrder(run, rows, source.name) : run;
  const tensor = added === undefined ? ordered : withAdded(ordered, added);
  const file = source.reference;
  return noted(tensor, file && { from: 'place', file, place });
}

/** The stored bytes are not those of the values, and not handed out. */
function withAdded({ readInto: _, ...tensor }: StoredTensor, added: number): StoredTensor {
  const { identity } = tensor;
  return {
    ...tensor,
    async read(...range) {
      const values = await tensor.read(...range);
      for (let i = 0; i < values.length; i++) values[i]! += added;
      return values;
    },
    ...(identity !== undefined && { identity: `${identity} ${added}` }),
  };
}

function inOneRun(source: ByteSource, place: TensorPlace): StoredTensor {
  const { name, dtype, shape } = place;
  const { elements, bytes } = elementTypes[dtype];
  const count = elementCount(shape);
  /** Of an element that begins a block. */
  const offset = (element: number): number => place.start + (element / elements) * bytes;
  /** Decodes the elements from `start` on into all of `target`. */
  const decode = async (target: Values, start: number, signal?: AbortSignal): Promise<void> => {
    if (isStoredAsDecoded(dtype)) {
      const { buffer, byteOffset, byteLength } = target;
      await fill(source, new Uint8Array(buffer, byteOffset, byteLength), offset(start), signal);
      return;
    }
    const most = Math.floor(CHUNK_BYTES / bytes) * elements;
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytesAround(start, target.length)));
    for (let done = 0; done < target.length; ) {
      // Elements of the first block that come before those asked for.
      const before = (start + done) % elements;
      const length = Math.min(most - before, target.length - done);
      const stored = chunk.subarray(0, bytesAround(before, length));
      await fill(source, stored, offset(start + done - before), signal);
      const part = target.subarray(done, done + length);
      if (fillsBlocks(dtype, length) && before === 0) decodeInto(stored, dtype, part);
      else {
        const blocks = decodeValues(stored, dtype);
        part.set(blocks.subarray(before, before + length));
      }
      done += length;
    }
  };
  return {
    name,
    dtype,
    shape,
    ...(place.outputFirst && { outputFirst: true }),
    read: (start = 0, end = count, signal) =>
      readRange({ name, file: source.name, dtype }, [start, end, count], (target) =>
        decode(target, start, signal),
      ),
    // Rows must be whole blocks, for nothing smaller can be handed out as it is stored.
    ...(fillsBlocks(dtype, shape.at(-1) ?? 1) && {
      async readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
        checkRange(name, start, start + (target.byteLength / bytes) * elements, count);
        if (!fillsBlocks(dtype, start)) {
          throw new AlphaLoraError(
            'INVALID_OPTION',
            `${name}: element ${start} begins no block of ${elements}`,
            { details: { tensor: name } },
          );
        }
        await fill(source, target, offset(start), signal);
      },
    }),
    ...(source.identity !== undefined && {
      identity: `${source.identity} ${place.start}-${place.end}`,
    }),
  };

  /** Bytes of the blocks that hold `length` elements from `start` on. */
  function bytesAround(start: number, length: number): number {
    const before = start % elements;
    return Math.ceil((before + length) / elements) * bytes;
  }
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
      throw errorIn(
        'IO_FAILED',
        source.name,
        `asked for ${length} bytes from ${start + done}, got ${bytes.byteLength}; try again`,
      );
    }
    target.set(bytes, done);
    done += length;
  }
}
