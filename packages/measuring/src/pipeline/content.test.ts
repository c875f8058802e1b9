import { createHash } from 'node:crypto';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '@alphalora/contracts/weights';
import { temporaryFolder } from '@alphalora/testing/folders';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, keepDigest } from './content.js';
import { observed } from './digest.js';

const root = temporaryFolder('content');

const [rows, columns] = [37, 5];
const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i));
const bytes = new Uint8Array(values.buffer);
/** By the definition in the document's schema. */
const digestOf = (stored: Uint8Array): string =>
  createHash('sha256').update(`F32 ${rows} ${columns}\n`).update(stored).digest('hex');
const expected = digestOf(bytes);

interface Counted extends Matrix {
  rowsRead(): number;
  /** From now on, element 0 of this row is another. */
  change(row: number): void;
}

/** @param direct whether it offers its stored bytes */
function matrix(direct: boolean, more: Partial<Matrix> = {}): Counted {
  let count = 0;
  const now = values.slice();
  const stored = new Uint8Array(now.buffer);
  return {
    name: 'w',
    rows,
    columns,
    dtype: 'F32',
    async read(start = 0, end = rows) {
      count += end - start;
      return now.slice(start * columns, end * columns);
    },
    ...(direct && {
      async readInto(target: Uint8Array, start: number) {
        count += target.byteLength / 4 / columns;
        const from = start * columns * 4;
        target.set(stored.subarray(from, from + target.byteLength));
      },
    }),
    ...more,
    rowsRead: () => count,
    change(row) {
      now[row * columns]! += 1;
    },
  };
}

const range = fc
  .tuple(fc.nat(rows - 1), fc.nat(rows - 1))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);

/** Reads rows as an engine does that takes stored bytes, or as one that takes values. */
async function readRows(from: Matrix, [start, end]: readonly [number, number], asBytes: boolean) {
  if (!asBytes || !from.readInto) return from.read(start, end);
  const target = new Uint8Array((end - start) * columns * 4);
  await from.readInto(target, start);
  return new Float32Array(target.buffer);
}

describe.each([true, false])('the digest of a matrix with stored bytes: %s', (direct) => {
  it('is the same whatever has been read before, in whatever order and way', async () => {
    const readings = fc.array(fc.tuple(range, fc.boolean()), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(readings, async (list) => {
        const { matrix: noting, digest, isRead } = observed(matrix(direct));
        for (const [rowsToRead, asBytes] of list) {
          const [start, end] = rowsToRead;
          const read = await readRows(noting, rowsToRead, asBytes);
          expect([...read]).toEqual([...values.subarray(start * columns, end * columns)]);
        }
        expect(isRead()).toBe(list.length > 0);
        expect(await digest()).toBe(expected);
        expect(await digest()).toBe(expected);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('costs no reading when the rows went by in their order', async () => {
    const whole = matrix(direct);
    const { matrix: noting, digest } = observed(whole);
    for (const part of [
      [0, 20],
      [10, 30],
      [30, rows],
    ] as const) {
      await readRows(noting, part, true);
    }
    const before = whole.rowsRead();
    expect(await digest()).toBe(expected);
    expect(whole.rowsRead()).toBe(before);
  });

  it('is of the bytes that were handed out, or there is none', async () => {
    const readings = fc.array(fc.tuple(range, fc.boolean()), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(readings, fc.nat(7), fc.nat(rows - 1), async (list, moment, row) => {
        const whole = matrix(direct);
        const { matrix: noting, digest } = observed(whole);
        /** What whoever reads has seen of each row, in their order. */
        const seen = new Map<number, number[][]>();
        const work = async (): Promise<string> => {
          for (const [i, [rowsToRead, asBytes]] of list.entries()) {
            if (i === moment) whole.change(row);
            const read = await readRows(noting, rowsToRead, asBytes);
            for (let at = rowsToRead[0]; at < rowsToRead[1]; at++) {
              const start = (at - rowsToRead[0]) * columns;
              seen.set(at, [...(seen.get(at) ?? []), [...read.slice(start, start + columns)]]);
            }
          }
          return digest();
        };
        const outcome = await work().catch((error) => error);
        if (typeof outcome !== 'string') {
          expect(outcome).toMatchObject({ code: 'IO_FAILED', message: /^w: it was changed while/ });
          return;
        }
        const all = values.slice();
        const changedFirst = seen.get(row)?.[0]?.[0] ?? values[row * columns]! + 1;
        if (moment < list.length) all[row * columns] = changedFirst;
        expect(outcome).toBe(digestOf(new Uint8Array(all.buffer)));
        for (const [at, versions] of seen) {
          for (const version of versions)
            expect(version).toEqual([...all.subarray(at * columns, (at + 1) * columns)]);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});

describe('the content of a matrix', () => {
  const options = { cacheFolder: join(root, 'cache'), sampled: false };
  const identity = 'https://hub sha256:abc 0-10';

  it('is read at once where nothing is known of it in advance', async () => {
    const whole = matrix(true);
    expect((await contentOf(whole, options)).known).toBe(expected);
    expect(whole.rowsRead()).toBe(rows);
    await keepDigest(whole, expected, options.cacheFolder);
    expect(readdirSync(root)).toEqual([]);
  });

  it('is not read in advance where no cache is asked', async () => {
    const whole = matrix(true);
    const { known, digest } = await contentOf(whole, { ...options, cacheFolder: undefined });
    expect([known, whole.rowsRead()]).toEqual([undefined, 0]);
    expect(await digest()).toBe(expected);
  });

  it('is found while it is read, and from then on without reading', async () => {
    const whole = matrix(true, { identity });
    const first = await contentOf(whole, options);
    expect(first.known).toBeUndefined();
    expect(whole.rowsRead()).toBe(0);
    expect(await first.digest()).toBe(expected);
    await keepDigest(whole, expected, options.cacheFolder);
    const again = matrix(true, { identity });
    const second = await contentOf(again, options);
    expect(second.known).toBe(expected);
    expect(await second.digest()).toBe(expected);
    expect(again.rowsRead()).toBe(0);
  });

  it('is refused when it is read again and is another than was noted', async () => {
    const other = matrix(true, { identity });
    other.change(3);
    const content = await contentOf(other, options);
    expect(content.known).toBe(expected);
    // Nothing has been read: nothing contradicts the note.
    expect(await content.digest()).toBe(expected);
    await content.matrix.read(0, 1);
    await expect(content.digest()).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/^w: other bytes arrived than in an earlier run.*--download/),
    });
  });

  it('is refused when it changes between the reading in advance and that of the engine', async () => {
    const whole = matrix(true);
    const { matrix: read, known } = await contentOf(whole, options);
    expect(known).toBe(expected);
    whole.change(rows - 1);
    await expect(read.read()).rejects.toThrow(/^w: it was changed while it was read/);
  });

  it('is not taken from another matrix, nor from a damaged, renamed or old note', async () => {
    for (const other of [
      { identity: `${identity} @1` },
      { rows: 5, columns: 37 },
      { dtype: 'F16' as const },
    ]) {
      const { known } = await contentOf(matrix(true, { identity, ...other }), options);
      expect(known).toBeUndefined();
    }
    const folder = join(options.cacheFolder, 'digests');
    const notes = (): string[] =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\w{64}$/.test(name))
        .map((name) => join(folder, name));
    const [own] = notes() as [string];
    await keepDigest(
      matrix(true, { identity: 'other' }),
      digestOf(bytes.slice(4)),
      options.cacheFolder,
    );
    const other = notes().find((name) => name !== own)!;
    renameSync(other, own);
    expect((await contentOf(matrix(true, { identity }), options)).known).toBeUndefined();
    writeFileSync(own, `${expected}\n`);
    expect((await contentOf(matrix(true, { identity }), options)).known).toBeUndefined();
  });

  it('is read first when the engine reads parts of the matrix', async () => {
    const whole = matrix(true, { identity: 'another' });
    expect((await contentOf(whole, { ...options, sampled: true })).known).toBe(expected);
  });
});
