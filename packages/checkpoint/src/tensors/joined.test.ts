import type { StoredTensor } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingSource } from '../test-support/counting-source.js';
import { joinedTensor } from './joined.js';
import { storedTensor } from './stored.js';

/** Pieces of a matrix whose elements are numbered, cut along an axis. */
function cut(rows: number, columns: number, axis: 0 | 1, at: readonly number[]) {
  const bounds = [0, ...at, axis === 0 ? rows : columns];
  const sources: ReturnType<typeof countingSource>[] = [];
  const pieces = bounds.slice(1).map((to, i): StoredTensor => {
    const from = bounds[i]!;
    const shape = axis === 0 ? [to - from, columns] : [rows, to - from];
    const values = Float32Array.from({ length: shape[0]! * shape[1]! }, (_, element) => {
      const [row, column] = [Math.floor(element / shape[1]!), element % shape[1]!];
      return axis === 0 ? (from + row) * columns + column : row * columns + from + column;
    });
    const source = countingSource(new Uint8Array(values.buffer));
    sources.push(source);
    const place = { name: 'w', dtype: 'F32', shape, start: 0, end: values.byteLength } as const;
    return storedTensor(source, place);
  });
  return { pieces, sources, joined: joinedTensor(pieces, { name: 'w', axis, file: 'a.pth' }) };
}

const numbered = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

describe('joined pieces', () => {
  it('are the tensor that was cut, whole and in parts', async () => {
    const size = fc.integer({ min: 1, max: 9 });
    const places = fc.array(fc.nat(9), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.constantFrom<0 | 1>(0, 1),
        places,
        fc.nat(),
        fc.nat(),
        async (rows, columns, axis, at, a, b) => {
          const most = axis === 0 ? rows : columns;
          const { joined } = cut(
            rows,
            columns,
            axis,
            at.map((each) => each % (most + 1)).sort((x, y) => x - y),
          );
          const count = rows * columns;
          expect(joined.shape).toEqual([rows, columns]);
          expect([...(await joined.read())]).toEqual(numbered(0, count));
          const [start, end] = [a % (count + 1), b % (count + 1)].sort((x, y) => x - y);
          expect([...(await joined.read(start, end))]).toEqual(numbered(start!, end!));
          expect(joined.readInto !== undefined).toBe(axis === 0 || rows === 1);
          if (!joined.readInto) return;
          const target = new Float32Array(end! - start!);
          await joined.readInto(new Uint8Array(target.buffer), start!);
          expect([...target]).toEqual(numbered(start!, end!));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it.each([0, 1] as const)('are read in spans of about a megabyte, along axis %i', async (axis) => {
    const { joined, sources } = cut(1000, 1200, axis, [300, 900]);
    const values = await joined.read();
    expect([values[1200], values[901], values.at(-1)]).toEqual([1200, 901, 1_199_999]);
    for (const source of sources) expect(source.largestRead()).toBeLessThanOrEqual(1 << 20);
    expect(sources.reduce((sum, each) => sum + each.bytesRead(), 0)).toBe(4 * 1000 * 1200);
    // A few elements take their rows at most.
    await joined.read(5, 9);
    expect(sources.reduce((sum, each) => sum + each.bytesRead(), 0)).toBe(4 * (1000 * 1200 + 4));
  });
});
