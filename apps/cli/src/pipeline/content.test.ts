import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Matrix } from '@alphalora/contracts';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { contentOf, keepDigest } from './content.js';
import { matrixDigest, observed } from './digest.js';

const root = mkdtempSync(join(tmpdir(), 'alphalora-content-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const [rows, columns] = [37, 5];
const values = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i));
const bytes = new Uint8Array(values.buffer);
/** By the definition in the document's schema. */
const expected = createHash('sha256')
  .update(`F32 ${rows} ${columns}\n`)
  .update(bytes)
  .digest('hex');

/** @param direct whether it offers its stored bytes */
function matrix(direct: boolean, more: Partial<Matrix> = {}): Matrix & { rowsRead: () => number } {
  let count = 0;
  return {
    ...{ name: 'w', rows, columns, dtype: 'F32' },
    async read(start = 0, end = rows) {
      count += end - start;
      return values.slice(start * columns, end * columns);
    },
    ...(direct && {
      async readInto(target: Uint8Array, start: number) {
        count += target.byteLength / 4 / columns;
        const from = start * columns * 4;
        target.set(bytes.subarray(from, from + target.byteLength));
      },
    }),
    ...more,
    rowsRead: () => count,
  };
}

const range = fc
  .tuple(fc.nat(rows - 1), fc.nat(rows - 1))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);

describe.each([true, false])('the digest of a matrix with stored bytes: %s', (direct) => {
  it('is the same whatever has been read before, in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(range, { maxLength: 6 }), async (ranges) => {
        const whole = matrix(direct);
        const { matrix: noting, digest } = observed(whole);
        for (const [start, end] of ranges) {
          if (direct) await noting.readInto!(new Uint8Array((end - start) * columns * 4), start);
          else await noting.read(start, end);
        }
        expect(await digest()).toBe(expected);
        expect(await digest()).toBe(expected);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('costs no reading when the rows went by in their order', async () => {
    const whole = matrix(direct);
    const { matrix: noting, digest } = observed(whole);
    for (const [start, end] of [
      [0, 20],
      [10, 30],
      [30, rows],
    ] as const) {
      if (direct) await noting.readInto!(new Uint8Array((end - start) * columns * 4), start);
      else await noting.read(start, end);
    }
    const before = whole.rowsRead();
    expect(await digest()).toBe(expected);
    expect(whole.rowsRead()).toBe(before);
    expect(await matrixDigest(matrix(direct))).toBe(expected);
  });
});

describe('the content of a matrix', () => {
  const options = { cacheFolder: join(root, 'cache'), sampled: false };
  const identity = 'https://hub sha256:abc 0-10';

  it('is read at once where nothing is known of it in advance', async () => {
    const whole = matrix(true);
    expect(await contentOf(whole, options)).toMatchObject({ matrix: whole, known: expected });
    expect(whole.rowsRead()).toBe(rows);
    await keepDigest(whole, expected, options.cacheFolder);
    expect(readdirSync(root)).toEqual([]);
  });

  it('is found while it is read, and from then on without reading', async () => {
    const whole = matrix(true, { identity });
    const first = await contentOf(whole, options);
    expect(first.known).toBeUndefined();
    expect(whole.rowsRead()).toBe(0);
    expect(await first.digest()).toBe(expected);
    await keepDigest(whole, expected, options.cacheFolder);
    const again = matrix(true, { identity });
    expect(await contentOf(again, options)).toMatchObject({ matrix: again, known: expected });
    expect(again.rowsRead()).toBe(0);
  });

  it('is not taken from another matrix, nor from a damaged note', async () => {
    for (const other of [
      { identity: `${identity} @1` },
      { rows: 5, columns: 37 },
      { dtype: 'F16' as const },
    ]) {
      const { known } = await contentOf(matrix(true, { identity, ...other }), options);
      expect(known).toBeUndefined();
    }
    const folder = join(options.cacheFolder, 'digests');
    const [note] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\w{64}$/.test(name),
    );
    writeFileSync(join(folder, note!), expected.slice(1));
    expect((await contentOf(matrix(true, { identity }), options)).known).toBeUndefined();
  });

  it('is read first when the engine reads parts of the matrix', async () => {
    const whole = matrix(true, { identity: 'another' });
    expect((await contentOf(whole, { ...options, sampled: true })).known).toBe(expected);
  });
});
