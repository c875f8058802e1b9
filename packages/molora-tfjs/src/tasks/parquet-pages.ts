/**
 * The counts in the pages of a parquet file, checked before they are decoded: the values that a page
 * header announces, and the lengths of the runs (RLE / bit-packing hybrid of the specification) that
 * levels and indices into a dictionary consist of. hyparquet fills arrays by both without a bound.
 */
import type { ColumnMetaData, CompressionCodec, Compressors, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import { readVarInt } from 'hyparquet/src/thrift.js';

interface Page {
  header: ReturnType<typeof parquetHeader>;
  bytes: Uint8Array;
}

/** The pages of a column. @throws when they do not lie in the file */
export function chunkOf(column: ColumnMetaData, buffer: ArrayBuffer): DataView {
  const { dictionary_page_offset: dictionary, data_page_offset: data } = column;
  return new DataView(buffer, counted(dictionary || data), counted(column.total_compressed_size));
}

/** Values of all pages of a column, the dictionary's included. */
export function valuesIn(view: DataView): number {
  let values = 0;
  for (const { header } of pagesOf(view)) {
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: words } = header;
    for (const count of [v1?.num_values, v2?.num_values, words?.num_values]) {
      if (count !== undefined) values += counted(count);
    }
  }
  return values;
}

function* pagesOf(view: DataView): Generator<Page> {
  const reader = { view, offset: 0 };
  while (reader.offset < view.byteLength - 1) {
    const header = parquetHeader(reader);
    const size = counted(header.compressed_page_size);
    const bytes = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + reader.offset, size);
    reader.offset += size;
    yield { header, bytes };
  }
}

/** @throws when a run is longer than its page */
export function checkRuns(
  view: DataView,
  schemaPath: SchemaTree[],
  codec: CompressionCodec,
  compressors: Compressors,
): void {
  const repetition = bitsFor(getMaxRepetitionLevel(schemaPath));
  const definition = bitsFor(getMaxDefinitionLevel(schemaPath));
  for (const { header, bytes } of pagesOf(view)) {
    const { data_page_header: v1, data_page_header_v2: v2 } = header;
    if (v2) {
      const levels = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const reader = { view: levels, offset: 0 };
      if (repetition > 0) skipRuns(reader, repetition, v2.num_values);
      reader.offset = counted(v2.repetition_levels_byte_length);
      if (definition > 0) skipRuns(reader, definition, v2.num_values);
      const start = levelsOf(v2);
      const body = bytes.subarray(start);
      const size = counted(header.uncompressed_page_size) - start;
      const packed = v2.is_compressed && codec !== 'UNCOMPRESSED';
      const values = packed ? decompressPage(body, size, codec, compressors) : body;
      checkIndices(viewOf(values), v2.encoding, v2.num_values - counted(v2.num_nulls));
    } else if (v1) {
      const size = counted(header.uncompressed_page_size);
      const reader = { view: viewOf(decompressPage(bytes, size, codec, compressors)), offset: 0 };
      for (const width of [repetition, definition]) {
        if (width === 0) continue;
        const length = reader.view.getUint32(reader.offset, true);
        reader.offset += 4;
        const end = reader.offset + length;
        skipRuns(reader, width, v1.num_values);
        reader.offset = end;
      }
      const rest = new Uint8Array(
        reader.view.buffer as ArrayBuffer,
        reader.view.byteOffset + reader.offset,
        reader.view.byteLength - reader.offset,
      );
      checkIndices(viewOf(rest), v1.encoding, v1.num_values);
    }
  }
}

function levelsOf(header: {
  repetition_levels_byte_length: number;
  definition_levels_byte_length: number;
}): number {
  return (
    counted(header.repetition_levels_byte_length) + counted(header.definition_levels_byte_length)
  );
}

/** @param most values; with nulls there are fewer */
function checkIndices(view: DataView, encoding: string | undefined, most: number): void {
  if (!/DICTIONARY$/.test(encoding ?? '') || view.byteLength === 0) return;
  const width = view.getUint8(0);
  if (width === 0) return;
  if (width > 32) throw new Error(`indices of ${width} bits`);
  skipRuns({ view, offset: 1 }, width, most);
}

/** Passes over runs up to so many values, or to the end of the bytes. */
function skipRuns(reader: { view: DataView; offset: number }, width: number, most: number): void {
  let values = 0;
  while (values < most && reader.offset < reader.view.byteLength) {
    const header = readVarInt(reader);
    const count = header >>> 1;
    if (header & 1) {
      values += count * 8;
      reader.offset += count * width;
      // The last group may be longer than what is left.
      if (values >= most + 8) throw new Error('a run is longer than its page');
    } else {
      values += count;
      reader.offset += (width + 7) >> 3;
      if (values > most) throw new Error('a run is longer than its page');
    }
  }
}

function bitsFor(level: number): number {
  return 32 - Math.clz32(level);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

export function counted(value: unknown): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`one of its counts is ${value}`);
}
