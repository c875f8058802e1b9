/**
 * The rows of a parquet file as lines of JSON, which every task reads: structs become objects, lists
 * become lists. Decoded by hyparquet, one row group after the other.
 *
 * What a file claims of itself is not believed: hyparquet reserves memory by the counts in pages, so these
 * are held against limits before a page is decoded (see `parquet-pages.ts`), as is what decompresses.
 */
import { isAlphaLoraError } from '@alphalora/contracts';
import { Decompress } from 'fzstd';
import {
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type RowGroup,
} from 'hyparquet';
import { assembleNested } from 'hyparquet/src/assemble.js';
import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import { flatten } from 'hyparquet/src/utils.js';
import { compressors } from 'hyparquet-compressors';
import { checkRuns, chunkOf, counted, valuesIn } from './parquet-pages.js';
import { damaged } from './records.js';

export interface ParquetLimits {
  /** Rows of a file. */
  rows: number;
  /** Values of all columns, the items of lists counted. */
  values: number;
  /** Bytes that pages decompress to. */
  bytes: number;
  /** Characters of the lines. */
  characters: number;
}

const usualLimits: ParquetLimits = {
  rows: 4_000_000,
  values: 40_000_000,
  bytes: 2 ** 30,
  characters: 2 ** 28,
};

/**
 * @param file its name, for messages
 * @returns as many lines as there are rows; whole numbers beyond 2^53 are text, times are ISO 8601, and
 *   columns of bytes are left out
 * @throws AlphaLoraError `INVALID_DOCUMENT` when it is no parquet file, is damaged or is too large
 */
export function parquetLines(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
  limits: ParquetLimits = usualLimits,
): string {
  try {
    return linesOf(bytes, file, limits);
  } catch (cause) {
    if (isAlphaLoraError(cause)) throw cause;
    // Where the decoder trips over what is not there, its message is none for people.
    const tripped = cause instanceof TypeError || cause instanceof RangeError;
    const why = tripped ? CUT : (cause as Error).message;
    throw damaged(
      file,
      `it is not a parquet file that can be read (${why}); write it again`,
      cause,
    );
  }
}

function linesOf(bytes: Uint8Array<ArrayBuffer>, file: string, limits: ParquetLimits): string {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const metadata = metadataIn(buffer);
  const decompressors = boundedCompressors(file, limits.bytes);
  checkLimits(metadata, buffer, file, limits);
  const lines: string[] = [];
  let characters = 0;
  for (const group of metadata.row_groups) {
    const columns = [...columnsOf(group, metadata, buffer, decompressors)];
    for (let row = 0; row < Number(group.num_rows); row++) {
      const fields = columns.map(([name, values]) => [name, values[row]]);
      const line = JSON.stringify(Object.fromEntries(fields), plainValue);
      characters += line.length + 1;
      if (characters > limits.characters) throw tooLarge(file, limits.characters, 'characters');
      lines.push(line);
    }
  }
  return lines.join('\n');
}

const CUT = 'it is cut or damaged';

function metadataIn(buffer: ArrayBuffer): FileMetaData {
  try {
    return parquetMetadata(buffer);
  } catch (cause) {
    const begins = String.fromCharCode(...new Uint8Array(buffer.slice(0, 4)));
    throw begins === 'PAR1' ? new Error(CUT, { cause }) : cause;
  }
}

/** The values of the columns of a row group by their names; leaves of structs and lists are put together. */
function* columnsOf(
  group: RowGroup,
  metadata: FileMetaData,
  buffer: ArrayBuffer,
  decompressors: Compressors,
): Generator<[name: string, values: ArrayLike<unknown>]> {
  const schema = parquetSchema(metadata);
  const rows = Number(group.num_rows);
  const select = { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows };
  for (const child of schema.children) {
    const { name } = child.element;
    const leaves = new Map<string, ReturnType<typeof flatten>>();
    for (const { meta_data: column } of group.columns) {
      if (column?.path_in_schema[0] !== name) continue;
      const { path_in_schema: path, type, codec } = column;
      const schemaPath = getTreePath(schema, path);
      const { element } = schemaPath.at(-1)!;
      const view = chunkOf(column, buffer);
      checkRuns(view, schemaPath, codec, decompressors);
      const reader = { view, offset: 0 };
      const decoder = { pathInSchema: path, type, element, schemaPath, codec };
      const given = { ...decoder, parsers: DEFAULT_PARSERS, compressors: decompressors };
      leaves.set(path.join('.'), flatten(readColumn(reader, select, given).data));
    }
    if (leaves.size === 0) continue;
    if (child.children.length > 0) assembleNested(leaves, child, DEFAULT_PARSERS);
    const values = leaves.get(name);
    if (!values || values.length < rows) throw new Error(`column ${name} has too few rows`);
    yield [name, values];
  }
}

/** What JSON has no form for; times have one of their own. */
function plainValue(_: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return undefined;
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function checkLimits(
  { row_groups: groups }: FileMetaData,
  buffer: ArrayBuffer,
  file: string,
  { rows: mostRows, values: mostValues }: ParquetLimits,
): void {
  let rows = 0;
  let values = 0;
  for (const { num_rows: count, columns } of groups) {
    rows += counted(count);
    if (rows > mostRows) throw tooLarge(file, mostRows, 'rows');
    for (const { meta_data: column } of columns) {
      if (!column) throw new Error('a column lies in another file');
      const inColumn = valuesIn(chunkOf(column, buffer));
      values += inColumn;
      if (values > mostValues) throw tooLarge(file, mostValues, 'values');
      if (inColumn < Number(count)) throw new Error('a column has too few values for its rows');
    }
  }
}

/** Decompressors that all together bring no more than so many bytes. */
function boundedCompressors(file: string, most: number): Compressors {
  let left = most;
  const raw = compressors.LZ4_RAW!;
  const all: Compressors = {
    ...compressors,
    ZSTD: zstd,
    // What an empty page is compressed to counts as damaged there.
    LZ4_RAW: (input, length) => (length === 0 ? new Uint8Array() : raw(input, length)),
  };
  return Object.fromEntries(
    Object.entries(all).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, length: number) => {
        left -= counted(length);
        if (left < 0) throw tooLarge(file, most, 'bytes, decompressed');
        return decompress(input, length);
      },
    ]),
  );
}

/** In pieces: the size that a frame claims of itself would be reserved at once. */
function zstd(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  let at = 0;
  const stream = new Decompress((piece) => {
    output.set(piece, at);
    at += piece.length;
  });
  stream.push(input, true);
  return output.subarray(0, at);
}

function tooLarge(file: string, most: number, what: string) {
  return damaged(
    file,
    `it holds more than ${most.toLocaleString('en-US')} ${what}; write it in several parts, such as train-00000-of-00008.parquet`,
  );
}
