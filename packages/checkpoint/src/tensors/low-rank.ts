/**
 * Weights given as factors: the elements of `scale * left * right`, computed where they are asked
 * for. The whole product is never held, as a small file can claim one that no memory holds.
 */
import type { LowRankFactors } from '@alphalora/contracts/weights';

type Values = Float32Array | Float64Array;

/** Indices `[start, end)` of an axis, in the order in which they are taken. */
type Ranges = ReadonlyArray<readonly [number, number]>;

/**
 * Adds elements of the product, in row-major order from element `start` on, to `values`. Sums are
 * taken in float64 and rounded once.
 */
export async function addProduct(
  values: Values,
  start: number,
  columns: number,
  { left, right, rank, scale }: LowRankFactors,
  signal?: AbortSignal,
): Promise<void> {
  if (values.length === 0) return;
  const [rows, lines] = await Promise.all([left(signal), right(signal)]);
  signal?.throwIfAborted();
  const sums = new Float64Array(columns);
  for (let done = 0; done < values.length; ) {
    const row = Math.floor((start + done) / columns);
    const from = start + done - row * columns;
    const to = Math.min(columns, from + values.length - done);
    sums.fill(0, from, to);
    for (let k = 0; k < rank; k++) {
      const factor = rows[row * rank + k]!;
      const line = k * columns;
      for (let j = from; j < to; j++) sums[j]! += factor * lines[line + j]!;
    }
    for (let j = from; j < to; j++) values[done++]! += scale * sums[j]!;
  }
}

/** The factors of some rows (axis 0) or columns (axis 1) of a [rows, columns] product. */
export function factorsOfPart(
  factors: LowRankFactors,
  [rows, columns]: readonly [number, number],
  axis: 0 | 1,
  ranges: Ranges,
): LowRankFactors {
  const { rank } = factors;
  return axis === 0
    ? {
        ...factors,
        left: async (signal) => pick(await factors.left(signal), 1, rows, rank, ranges),
      }
    : {
        ...factors,
        right: async (signal) => pick(await factors.right(signal), rank, columns, 1, ranges),
      };
}

/** Slices `ranges` of the middle axis of an [outer, length, inner] array. */
function pick(
  values: Values,
  outer: number,
  length: number,
  inner: number,
  ranges: Ranges,
): Values {
  const count = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  const picked = values.slice(0, outer * count * inner);
  let at = 0;
  for (let i = 0; i < outer; i++) {
    for (const [from, to] of ranges) {
      picked.set(values.subarray((i * length + from) * inner, (i * length + to) * inner), at);
      at += (to - from) * inner;
    }
  }
  return picked;
}
