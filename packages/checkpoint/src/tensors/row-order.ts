/**
 * A tensor whose rows are stored in another order than they have: such as the queries and keys of a GGUF
 * file, where the two halves of each head lie interleaved. Read by groups of rows that lie side by side,
 * as decoded elements and as stored bytes alike.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { elementCount, storedBytes } from '../values/sizes.js';
import { checkRange, readRange } from './range.js';
import type { RowGroup } from './recipe.js';

/** Elements that are read at a time, where a group has no more: 4 MB of float32. */
const CHUNK = 1 << 20;

/** @param groups every stored row once, in the order in which the tensor has them */
export function withRowsInOrder(
  tensor: StoredTensor,
  groups: readonly RowGroup[],
  file: string,
): StoredTensor {
  const { name, dtype, shape, identity } = tensor;
  const count = elementCount(shape);
  const row = elementCount(shape.slice(1));
  const most = Math.max(1, Math.floor(CHUNK / Math.max(1, row)));
  const pieces = groups.flatMap((group) => inPieces(group, most));
  const { read, readInto } = tensor;
  return {
    name,
    dtype,
    shape,
    read: (start = 0, end = count, signal) =>
      readRange({ name, file, dtype }, [start, end, count], (target) =>
        gather(pieces, { unit: row, most }, start, target, (from, to) => read(from, to, signal)),
      ),
    ...(readInto && {
      async readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
        const unit = storedBytes(dtype, row);
        const first = storedBytes(dtype, start);
        checkRange(name, first, first + target.byteLength, storedBytes(dtype, count));
        await gather(pieces, { unit, most }, first, target, async (from, to) => {
          const bytes = new Uint8Array(to - from);
          await readInto(bytes, (from / unit) * row, signal);
          return bytes;
        });
      },
    }),
    ...(identity !== undefined && { identity: `${identity} rows ${groups.join(' ')}` }),
  };
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

type Span = Float32Array | Float64Array | Uint8Array;

/**
 * Fills the target with what the tensor has from `start` on.
 *
 * @param unit of a row, in what `start` and the target count
 * @param most rows of several groups that are read at once
 */
async function gather<Values extends Span>(
  groups: readonly RowGroup[],
  { unit, most }: { unit: number; most: number },
  start: number,
  target: Values,
  readRows: (from: number, to: number) => Promise<Span>,
): Promise<void> {
  const end = start + target.length;
  let row = 0;
  for (let i = 0; i < groups.length && row * unit < end; ) {
    const [first, count] = groups[i]!;
    if ((row + count) * unit <= start) {
      row += count;
      i++;
      continue;
    }
    let rows = count;
    let next = i + 1;
    // Groups that lie one behind the other are read together, as far as they are asked for.
    for (; next < groups.length && (row + rows) * unit < end; next++) {
      const [from, more] = groups[next]!;
      if (from !== first + rows || rows + more > most) break;
      rows += more;
    }
    const span = await readRows(first * unit, (first + rows) * unit);
    for (; i < next; i++) {
      const [from, length, step] = groups[i]!;
      const column = length / step;
      for (let j = 0; j < length; j++, row++) {
        const [a, b] = [Math.max(start, row * unit), Math.min(end, (row + 1) * unit)];
        if (a >= b) continue;
        const stored = from - first + Math.floor(j / column) + (j % column) * step;
        const skip = stored * unit - row * unit;
        target.set(span.subarray(a + skip, b + skip), a - start);
      }
    }
  }
}
