import type { WeightTensor } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FusedPart } from '../naming/fused/index.js';
import { partOf } from './part.js';

const product = (lengths: readonly number[]) => lengths.reduce((a, b) => a * b, 1);

/** A weight in memory whose elements count up from zero, with a record of what was read. */
function counting(shape: number[], start = 0): WeightTensor & { reads: Array<[number, number]> } {
  const values = Float32Array.from({ length: product(shape) }, (_, i) => start + i);
  const reads: Array<[number, number]> = [];
  return {
    name: 'w',
    shape,
    dtype: 'F32',
    kind: 'projection',
    block: 1,
    reads,
    async read(from = 0, to = values.length, signal) {
      signal?.throwIfAborted();
      reads.push([from, to]);
      return values.slice(from, to);
    },
    async readInto(target, from) {
      reads.push([from, from + target.byteLength / 4]);
      const bytes = new Uint8Array(values.buffer, 4 * from, target.byteLength);
      target.set(bytes);
    },
  };
}

/** Independent of the code under test: one element after another, by its coordinates. */
function naive(shape: readonly number[], { axis, ranges }: FusedPart): number[] {
  const indices = ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => from + i),
  );
  const wanted: number[] = [];
  const walk = (dimension: number, offset: number): void => {
    if (dimension === shape.length) {
      wanted.push(offset);
      return;
    }
    const all = Array.from({ length: shape[dimension]! }, (_, i) => i);
    for (const i of dimension === axis ? indices : all) {
      walk(dimension + 1, offset * shape[dimension]! + i);
    }
  };
  walk(0, 0);
  return wanted;
}

const cases = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
    axis: fc.nat(),
    cuts: fc.array(fc.nat(7), { minLength: 2, maxLength: 6 }),
    from: fc.nat(),
    to: fc.nat(),
  })
  .map(({ shape, axis: anyAxis, cuts, from, to }) => {
    const axis = anyAxis % shape.length;
    const sorted = cuts.map((cut) => Math.min(cut, shape[axis]!)).sort((a, b) => a - b);
    const ranges = Array.from({ length: Math.floor(sorted.length / 2) }, (_, i) => {
      return [sorted[2 * i]!, sorted[2 * i + 1]!] as const;
    });
    const part: FusedPart = { label: 'q', role: 'q_proj', axis, ranges };
    const count = naive(shape, part).length;
    const [start, end] = [from % (count + 1), to % (count + 1)].sort((a, b) => a - b);
    return { shape, part, start: start!, end: end! };
  });

describe('partOf', () => {
  it('reads what a naive gather picks', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, part, start, end }) => {
        const tensor = partOf(counting(shape), part);
        const expected = naive(shape, part);
        expect(product(tensor.shape)).toBe(expected.length);
        expect([...(await tensor.read())]).toEqual(expected);
        expect([...(await tensor.read(start, end))]).toEqual(expected.slice(start, end));
        if (!tensor.readInto) return;
        const target = new Float32Array(end - start);
        await tensor.readInto(new Uint8Array(target.buffer), start);
        expect([...target]).toEqual(expected.slice(start, end));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['short runs, many to a chunk', [700, 900], 1, [[300, 600]]],
    [
      'long runs with long gaps',
      [3, 30, 20_000],
      1,
      [
        [0, 2],
        [7, 9],
      ],
    ],
    ['a run of several chunks', [2, 6, 100_000], 1, [[1, 5]]],
    ['single columns', [300, 1000], 1, Array.from({ length: 500 }, (_, i) => [2 * i, 2 * i + 1])],
  ] as Array<[string, number[], number, Array<[number, number]>]>)(
    'reads at most 2^18 elements at a time: %s',
    async (_, shape, axis, ranges) => {
      const weight = counting(shape);
      const part = { label: 'k', role: 'k_proj', axis, ranges };
      const tensor = partOf(weight, part);
      const expected = Float32Array.from(naive(shape, part));
      const values = await tensor.read();
      expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(expected.buffer))).toBe(0);
      expect([...(await tensor.read(12_345, 12_360))]).toEqual([...expected.slice(12_345, 12_360)]);
      for (const [from, to] of weight.reads) expect(to - from).toBeLessThanOrEqual(1 << 18);
      const spans = weight.reads.reduce((sum, [from, to]) => sum + to - from, 0);
      expect(weight.reads.length).toBeLessThan(4 + spans / 50_000);
    },
  );

  it('describes the part', () => {
    const part: FusedPart = { label: 'k', role: 'k_proj', axis: 1, ranges: [[4, 8]] };
    const { read: _, ...description } = partOf({ ...counting([4, 12]), inputFirst: true }, part);
    expect(description).toMatchObject({
      name: 'w[k]',
      partOf: 'w',
      role: 'k_proj',
      shape: [4, 4],
      block: 1,
      kind: 'projection',
      dtype: 'F32',
      inputFirst: true,
    });
  });

  it('has stored bytes only where they are one run', () => {
    const part = (axis: number, ...ranges: Array<[number, number]>) =>
      partOf(counting([6, 4]), { label: 'q', role: 'q_proj', axis, ranges }).readInto;
    expect(part(0, [2, 4])).toBeDefined();
    expect(part(0, [0, 1], [2, 4])).toBeUndefined();
    expect(part(1, [2, 4])).toBeUndefined();
  });

  it('keeps the precision of the stored tensor, and hands on an abort', async () => {
    const values = Float64Array.from([1, 2, 3, 4].map((value) => value + 2 ** -40));
    const weight: WeightTensor = {
      name: 'w',
      shape: [2, 2],
      dtype: 'F64',
      kind: 'projection',
      async read(from, to, signal) {
        signal?.throwIfAborted();
        return values.slice(from, to);
      },
    };
    const tensor = partOf(weight, { label: 'q', role: 'q_proj', axis: 1, ranges: [[1, 2]] });
    expect(await tensor.read()).toEqual(Float64Array.of(values[1]!, values[3]!));
    expect(await tensor.read(1, 1)).toEqual(new Float64Array(0));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tensor.read(0, 2, signal)).rejects.toThrow('enough');
  });

  it.each([
    [-1, 2],
    [0, 9],
    [3, 2],
    [0.5, 2],
  ])('refuses the range %d to %d', async (start, end) => {
    const tensor = partOf(counting([4, 4]), {
      label: 'q',
      role: 'q_proj',
      axis: 0,
      ranges: [[0, 2]],
    });
    await expect(tensor.read(start, end)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('is not handed out as stored where it may begin within a block of elements', () => {
    const weight = { ...counting([4, 64]), dtype: 'Q8_0' } as const;
    const part = (shape: number[], axis: number, to: number): WeightTensor =>
      partOf({ ...weight, shape }, { label: 'q', role: 'q_proj', axis, ranges: [[0, to]] });
    expect(part([4, 64], 0, 2).readInto).toBeDefined();
    expect(part([1, 256], 1, 16).readInto).toBeUndefined();
  });
});
