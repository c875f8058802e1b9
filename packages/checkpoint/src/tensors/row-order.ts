/**
 * A tensor whose rows are stored in another order than they have: such as the queries and keys of a GGUF
 * file, where the two halves of each head lie interleaved. Read by groups of rows that lie side by side,
 * as stored bytes, of which each row is decoded to where it belongs.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { allocateValues, decodeInto } from '../values/decode.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import { checkRange, readRange } from './range.js';
import { noted, type RowGroup, storedRecipeOf } from './recipe.js';

/** Elements that are read at a time, where a group has no more. */
const CHUNK = 1 << 20;

/**
 * @param tensor of whole blocks in each row
 * @param groups every stored row once, in the order in which the tensor has them
 */
export function withRowsInOrder(
  tensor: StoredTensor,
  groups: readonly RowGroup[],
  file: string,
): StoredTensor {
  const { name, dtype, shape, identity } = tensor;
  const readStored = tensor.readInto!;
  const count = elementCount(shape);
  const row = elementCount(shape.slice(1));
  const most = Math.max(1, Math.floor(CHUNK / Math.max(1, row)));
  const pieces = groups.flatMap((group) => inPieces(group, most));
  const rowBytes = storedBytes(dtype, row);
  const visit = (
    [start, end]: readonly [start: number, end: number],
    put: (bytes: Uint8Array, index: number) => void,
    signal?: AbortSignal,
  ): Promise<void> => {
    let buffer = new Uint8Array(0);
    const readRows = async (from: number, rows: number): Promise<Uint8Array> => {
      const length = rows * rowBytes;
      if (buffer.length < length) buffer = new Uint8Array(length);
      const bytes = buffer.subarray(0, length);
      await readStored(bytes, from * row, signal);
      return bytes;
    };
    return inOrder(pieces, { most, rowBytes }, [start, end], readRows, put);
  };
  return {
    name,
    dtype,
    shape,
    read: (start = 0, end = count, signal) =>
      readRange({ name, file, dtype }, [start, end, count], async (target) => {
        const whole = allocateValues(dtype, row);
        const put = (bytes: Uint8Array, index: number): void => {
          // Decoders take bytes from a multiple of eight on.
          const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
          const at = index * row - start;
          if (at >= 0 && at + row <= target.length) {
            decodeInto(aligned, dtype, target.subarray(at, at + row));
            return;
          }
          decodeInto(aligned, dtype, whole);
          const [from, to] = [Math.max(0, -at), Math.min(row, target.length - at)];
          target.set(whole.subarray(from, to), at + from);
        };
        if (target.length > 0) await visit([start / row, end / row], put, signal);
      }),
    async readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
      const first = storedBytes(dtype, start);
      const last = first + target.byteLength;
      checkRange(name, first, last, storedBytes(dtype, count));
      const put = (bytes: Uint8Array, index: number): void => {
        const at = index * rowBytes - first;
        const [from, to] = [Math.max(0, -at), Math.min(rowBytes, target.length - at)];
        target.set(bytes.subarray(from, to), at + from);
      };
      if (target.length > 0) await visit([first / rowBytes, last / rowBytes], put, signal);
    },
    ...(identity !== undefined && { identity: `${identity} rows ${groups.join(' ')}` }),
  };
}

/** A tensor of a file in another order of its rows than it was read in; other threads can read it as well. */
export function reordered(
  tensor: StoredTensor,
  rows: readonly RowGroup[],
  file: string,
): StoredTensor {
  const recipe = storedRecipeOf(tensor);
  const own = withRowsInOrder(tensor, rows, file);
  return recipe?.from === 'place'
    ? noted(own, { ...recipe, place: { ...recipe.place, rows } })
    : own;
}

/** A group that is in order may be read in parts. */
function inPieces([start, count, step]: RowGroup, most: number): RowGroup[] {
  if (step !== 1) return [[start, count, step]];
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => [
    start + i * most,
    Math.min(most, count - i * most),
    1,
  ]);
}

/**
 * Hands out the stored bytes of each row that the range touches, in the order of the rows.
 *
 * @param range in rows, which it may begin and end within
 * @param most rows of several groups that are read at once
 */
async function inOrder(
  groups: readonly RowGroup[],
  { most, rowBytes }: { most: number; rowBytes: number },
  [start, end]: readonly [start: number, end: number],
  readRows: (from: number, rows: number) => Promise<Uint8Array>,
  put: (bytes: Uint8Array, index: number) => void,
): Promise<void> {
  let row = 0;
  for (let i = 0; i < groups.length && row < end; ) {
    const [first, count] = groups[i]!;
    if (row + count <= start) {
      row += count;
      i++;
      continue;
    }
    let rows = count;
    let next = i + 1;
    // Groups that lie one behind the other are read together, as far as they are asked for.
    for (; next < groups.length && row + rows < end; next++) {
      const [from, more] = groups[next]!;
      if (from !== first + rows || rows + more > most) break;
      rows += more;
    }
    const bytes = await readRows(first, rows);
    for (; i < next; i++) {
      const [from, length, step] = groups[i]!;
      const column = length / step;
      for (let j = 0; j < length; j++, row++) {
        if (row + 1 <= start || row >= end) continue;
        const stored = from - first + Math.floor(j / column) + (j % column) * step;
        put(bytes.subarray(stored * rowBytes, (stored + 1) * rowBytes), row);
      }
    }
  }
}
