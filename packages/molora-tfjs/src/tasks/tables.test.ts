/** Tables as pandas and pyarrow write them, and what becomes of damaged ones. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parquetLines } from './parquet.js';
import { parseRecords } from './records.js';

const folder = new URL('../test-support/tables/', import.meta.url);
const bytesOf = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(new URL(name, folder)));
const [plain, nested] = readFileSync(new URL('rows.jsonl', folder), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line)) as Array<Array<Record<string, unknown>>>;
const files = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith('.parquet'));

function recordsOf(name: string): unknown[] {
  const bytes = bytesOf(name);
  const text = name.endsWith('.parquet')
    ? parquetLines(bytes, name)
    : Buffer.from(bytes).toString();
  return parseRecords(text, name).map(({ fields }) => fields);
}

describe('tables that pandas wrote', () => {
  it.each(['plain.csv', 'plain.tsv', 'windows.csv', 'all-quoted.csv'])('%s', (name) => {
    const texts = plain!.map((row) => ({ ...row, number: String(row['number']) }));
    expect(recordsOf(name)).toEqual(texts);
  });

  it('pandas.parquet', () => {
    expect(recordsOf('pandas.parquet')).toEqual(plain);
  });

  it.each(files.filter((name) => name.startsWith('nested')))('%s', (name) => {
    // Whole numbers beyond 2^53 stay what they are, as text.
    const expected = nested!.map((row, i) => ({ ...row, big: String(2n ** 60n + BigInt(i)) }));
    expect(recordsOf(name)).toEqual(expected);
  });
});

describe('tab-separated values', () => {
  const cells = (text: string): unknown[] =>
    parseRecords(text, 'x.tsv').map(({ fields }) => Object.values(fields));

  it.each<[string, string, unknown[]]>([
    ['without quoting, as GLUE has them', 'a\tb\n"Yes," he said, "no"\t1\n"x"\t"y\n', [['"Yes," he said, "no"', '1'], ['"x"', '"y']]],
    ['with cells in quotation marks that are part of the text', 'a\tb\n"Yes."\t1\n', [['"Yes."', '1']]],
    ['with doubled marks, as pandas writes them', 'a\tb\n"say ""no"""\t1\n', [['say "no"', '1']]],
    ['with a line end in a cell', 'a\tb\n"x\ny"\t1\n', [['x\ny', '1']]],
    ['with a mark that another line closes', 'a\tb\n1\t"x\n2\ty"\n', [['1', '"x'], ['2', 'y"']]],
  ])('%s', (_, text, expected) => {
    expect(cells(text)).toEqual(expected);
  }); // biome-ignore format: a table
});

describe('a parquet file', () => {
  /** Small, so that a count that is wrong costs no time. */
  const limits = { rows: 1e4, values: 1e5, bytes: 1e6, characters: 1e6 };
  const outcome = (bytes: Uint8Array<ArrayBuffer>): string => {
    try {
      const text = parquetLines(bytes, 'x.parquet', limits);
      parseRecords(text, 'x.parquet');
      return 'read';
    } catch (error) {
      expect(error).toMatchObject({ tag: 'alphalora', code: 'INVALID_DOCUMENT' });
      expect((error as Error).message).toContain('x.parquet');
      return 'refused';
    }
  };

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['nothing', new Uint8Array()],
    ['text', Uint8Array.from(Buffer.from('{"text": "no parquet file"}'))],
    ['its first half', bytesOf('nested-zstd.parquet').slice(0, 4000)],
    ['its second half', bytesOf('nested-zstd.parquet').slice(4000)],
  ])('that is %s is refused', (_, bytes) => {
    expect(outcome(bytes)).toBe('refused');
  });

  it.each(files)('is read or refused whatever happens to its bytes: %s', (name) => {
    const bytes = bytesOf(name);
    const position = fc.oneof(
      fc.nat(bytes.length - 1),
      // The footer and the first page headers, where the counts are.
      fc.nat(Math.min(1500, bytes.length) - 1).map((from) => bytes.length - 1 - from),
      fc.nat(200),
    );
    const value = fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(position, value), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const other = bytes.slice();
          for (const [at, byte] of changes) other[at] = byte;
          outcome(other);
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });

  it.each<[object, string]>([
    [{ rows: 39 }, 'more than 39 rows'],
    [{ values: 400 }, 'more than 400 values'],
    [{ bytes: 1000 }, 'more than 1,000 bytes, decompressed'],
    [{ characters: 2000 }, 'more than 2,000 characters'],
  ])('beyond the limit %j is refused', (limit, message) => {
    const bytes = bytesOf('nested-zstd.parquet');
    expect(() => parquetLines(bytes, 'x', { ...limits, ...limit })).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: expect.stringContaining(message),
      }),
    );
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['its end', (bytes) => bytes.slice(0, -9)],
    ['its half', (bytes) => bytes.slice(0, bytes.length / 2)],
    ['what is before the length', (bytes) => Buffer.concat([bytes.slice(0, 9), bytes.slice(-8)])],
    ['its metadata', (bytes) => Buffer.concat([bytes.slice(0, -40), bytes.slice(-8)])],
  ])('is called cut or damaged without %s', (_, cut) => {
    const bytes = Uint8Array.from(cut(bytesOf('nested-zstd.parquet')));
    expect(() => parquetLines(bytes, 'x')).toThrow(/^x: it is not a parquet file.*cut or damaged/);
  });
});
