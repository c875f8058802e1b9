/**
 * Pieces of a tensor that lie in several files as one tensor, joined along an axis. Pieces are read when
 * their elements are asked for, in spans of about a megabyte.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { elementCount, storedBytes } from '../values/sizes.js';
import { checkRange, readRange } from './range.js';
import { noted, type StoredRecipe, storedRecipeOf } from './recipe.js';

/** Elements that are read at a time. */
const CHUNK = 1 << 18;

interface Join {
  readonly name: string;
  readonly axis: number;
  /** For messages. */
  readonly file: string;
}

/** A piece, and where it lies among the elements that follow one another. */
interface Segment {
  readonly piece: StoredTensor;
  /** Elements of one index of the axes before the joined one. */
  readonly length: number;
  /** How many of the joined tensor come before these. */
  readonly offset: number;
}

/** @param pieces of one type and, but for the axis, of one shape */
export function joinedTensor(
  pieces: readonly StoredTensor[],
  { name, axis, file }: Join,
): StoredTensor {
  const [first] = pieces;
  const { dtype } = first!;
  const length = pieces.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  const shape = first!.shape.with(axis, length);
  const count = elementCount(shape);
  let offset = 0;
  const segments = pieces.map((piece): Segment => {
    const segment = { piece, length: elementCount(piece.shape.slice(axis)), offset };
    offset += segment.length;
    return segment;
  });
  const identities = pieces.map(({ identity }) => identity);
  const isOneAfterTheOther = elementCount(shape.slice(0, axis)) === 1;
  const tensor: StoredTensor = {
    name,
    dtype,
    shape,
    read: (start = 0, end = count, signal) =>
      readRange({ name, file, dtype }, [start, end, count], async (target) => {
        for (const span of spans(segments, offset, start, end)) {
          const { segment, from, to, rows } = span;
          const values = await segment.piece.read(from, to, signal);
          for (const { at, read, size } of rows)
            target.set(values.subarray(read, read + size), at - start);
        }
      }),
    ...(isOneAfterTheOther &&
      pieces.every(({ readInto }) => readInto) && {
        async readInto(target: Uint8Array, start: number, signal?: AbortSignal) {
          const bytes = storedBytes(dtype, 1);
          const end = start + target.byteLength / bytes;
          checkRange(name, start, end, count);
          for (const { piece, length, offset: at } of segments) {
            const [from, to] = [Math.max(start, at), Math.min(end, at + length)];
            if (from >= to) continue;
            const part = target.subarray((from - start) * bytes, (to - start) * bytes);
            await piece.readInto!(part, from - at, signal);
          }
        },
      }),
    ...(identities.every((each) => each !== undefined) && {
      identity: `${axis} ${identities.join(' ')}`,
    }),
  };
  const parts = pieces.map(storedRecipeOf);
  const areKnown = parts.every((part): part is StoredRecipe => part !== undefined);
  return noted(tensor, areKnown ? { from: 'joined', parts, axis, file } : undefined);
}

/** Elements of a piece to read at once, and where runs of them belong. */
interface Span {
  readonly segment: Segment;
  readonly from: number;
  readonly to: number;
  readonly rows: ReadonlyArray<{ at: number; read: number; size: number }>;
}

/**
 * What to read for the elements `[start, end)`.
 *
 * @param total elements of one index of the axes before the joined one
 */
function* spans(
  segments: readonly Segment[],
  total: number,
  start: number,
  end: number,
): Generator<Span> {
  if (start === end) return;
  const last = Math.ceil(end / total);
  const step = Math.max(1, Math.floor(CHUNK / total));
  for (let row = Math.floor(start / total); row < last; row += step) {
    const until = Math.min(last, row + step);
    for (const segment of segments) {
      const { length, offset } = segment;
      const rows = Array.from({ length: until - row }, (_, i) => {
        const begin = (row + i) * total + offset;
        const at = Math.max(start, begin);
        const size = Math.max(0, Math.min(end, begin + length) - at);
        return { at, read: i * length + at - begin, size };
      }).filter(({ size }) => size > 0);
      if (rows.length === 0) continue;
      const [head, tail] = [rows[0]!, rows.at(-1)!];
      const from = head.read;
      const to = tail.read + tail.size;
      // A long run is read in parts.
      for (let part = from; part < to; part += rows.length > 1 ? to - from : CHUNK) {
        const stop = rows.length > 1 ? to : Math.min(to, part + CHUNK);
        const placed =
          rows.length > 1
            ? rows.map((each) => ({ ...each, read: each.read - from }))
            : [{ at: head.at + part - from, read: 0, size: stop - part }];
        yield { segment, from: row * length + part, to: row * length + stop, rows: placed };
      }
    }
  }
}
