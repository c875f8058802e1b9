import type { StoredTensor } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countingSource } from '../test-support/counting-source.js';
import { storedTensor } from './stored.js';
import { isOneRun, stridedTensor } from './strided.js';

const counted = (length: number) => {
  const source = countingSource(new Uint8Array(Float32Array.from({ length }, (_, i) => i).buffer));
  const place = { name: 'all', dtype: 'F32', shape: [length], start: 0, end: 4 * length } as const;
  return { source, stored: storedTensor(source, place) };
};
const viewOf = (stored: StoredTensor, shape: number[], strides: number[], offset = 0) =>
  stridedTensor(stored, { name: 'w', shape, strides, offset, file: 'model.bin' });

/** Elements of a view, one by one: the definition of strides. */
function expected(shape: readonly number[], strides: readonly number[], offset: number): number[] {
  const [length, ...shorter] = shape;
  if (length === undefined) return [offset];
  return Array.from({ length }, (_, i) =>
    expected(shorter, strides.slice(1), offset + i * strides[0]!),
  ).flat();
}

describe('a view', () => {
  it('has the elements that strides say, whole and in parts', async () => {
    const axis = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(
        fc.array(axis, { maxLength: 4 }),
        fc.nat(3),
        fc.nat(),
        fc.nat(),
        async (axes, offset, a, b) => {
          const [shape, strides] = [axes.map(([length]) => length), axes.map(([, step]) => step)];
          const all = expected(shape, strides, offset);
          const { read } = viewOf(counted(Math.max(...all) + 1).stored, shape, strides, offset);
          expect([...(await read())]).toEqual(all);
          const [start, end] = [a % (all.length + 1), b % (all.length + 1)].sort((x, y) => x - y);
          expect([...(await read(start, end))]).toEqual(all.slice(start, end));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is read in spans of a megabyte, and what lies between is not', async () => {
    const { source, stored } = counted(600 * 1000);
    const turned = await viewOf(stored, [1000, 600], [1, 1000]).read();
    expect([turned[1], turned[600], turned.at(-1)]).toEqual([1000, 1, 599_999]);
    expect(source.largestRead()).toBeLessThanOrEqual(1 << 20);
    expect(source.bytesRead()).toBe(600 * 1000 * 4);
    // A column of which each element is far from the next: these alone are read.
    const before = source.bytesRead();
    const column = await viewOf(stored, [6], [100_000], 3).read();
    expect([...column]).toEqual([3, 100_003, 200_003, 300_003, 400_003, 500_003]);
    expect(source.bytesRead() - before).toBe(24);
  });

  it('in the order of what is stored is one run', () => {
    expect(isOneRun({ shape: [2, 3], strides: [3, 1] })).toBe(true);
    expect(isOneRun({ shape: [1, 3], strides: [99, 1] })).toBe(true);
    expect(isOneRun({ shape: [0, 3], strides: [5, 5] })).toBe(true);
    expect(isOneRun({ shape: [2, 3], strides: [4, 1] })).toBe(false);
    expect(isOneRun({ shape: [3, 2], strides: [1, 3] })).toBe(false);
  });
});
