/**
 * Records from the text formats of data sets: JSON, JSON lines, and tables of comma- or tab-separated
 * values; see `tables.ts`. The rows of a parquet file come as JSON lines; see `parquet.ts`.
 *
 * Nothing is skipped but blank lines, and records of which every field is empty or null, which are
 * counted: a row of another length or a field of another type is an error that says which record of
 * which file it is.
 */
import { type AlphaLoraError, errorIn } from '@alphalora/contracts';
import { tableRows } from './tables.js';

export interface DataRecord {
  readonly fields: Readonly<Record<string, unknown>>;
  /** File and position, for messages. */
  readonly place: string;
}

export interface RecordOptions {
  /** Names of the columns of files without a header. */
  columns?: readonly string[] | undefined;
  /** Is told what was skipped. */
  onNote?: ((note: string) => void) | undefined;
}

/**
 * @param file its ending tells the format; of others, the text's first character
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the text is not of its format
 */
export function parseRecords(
  text: string,
  file: string,
  { columns, onNote }: RecordOptions = {},
): DataRecord[] {
  const records = recordsIn(withoutMark(text), file, columns);
  const filled = records.filter((record) => !isBlank(record));
  const blank = records.length - filled.length;
  if (blank > 0)
    onNote?.(`${file}: ${blank} of ${records.length} records are blank and were skipped`);
  return filled;
}

function recordsIn(text: string, file: string, columns?: readonly string[]): DataRecord[] {
  const format = formatOf(text, file);
  switch (format) {
    case 'json':
      return jsonRecords(text, file);
    case 'jsonl':
      return jsonLines(text, file);
    default:
      return tableRecords(tableRows(text, file, format), file, columns);
  }
}

/** As spreadsheets leave rows behind a table, and pandas what is missing. */
function isBlank({ fields }: DataRecord): boolean {
  const values = Object.values(fields);
  return values.length > 0 && values.every((value) => value === null || value === '');
}

/** Without the byte order mark that some editors begin a text with. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function formatOf(text: string, file: string): 'json' | 'jsonl' | 'tsv' | 'csv' {
  const [, ending] = /\.(json|jsonl|tsv|csv)$/i.exec(file) ?? [];
  // Some files of JSON lines are called .json.
  if (ending === undefined || ending.toLowerCase() === 'json') {
    const first = text.trimStart()[0];
    if (first === '{') return 'jsonl';
    if (first === '[' || ending !== undefined) return 'json';
    throw damaged(
      file,
      /\.txt$/i.test(file)
        ? 'it is plain text, and this task takes records (.jsonl, .json, .csv, .tsv or .parquet)'
        : 'its format is not known; name it .jsonl, .json, .csv, .tsv or .parquet',
    );
  }
  return ending.toLowerCase() as 'jsonl' | 'tsv' | 'csv';
}

function jsonRecords(text: string, file: string): DataRecord[] {
  const items = parseJson(text, file);
  if (!Array.isArray(items)) throw damaged(file, 'its JSON is no list of records');
  return items.map((item, i) => objectRecord(item, `${file}, record ${i + 1}`));
}

function jsonLines(text: string, file: string): DataRecord[] {
  if (text.trimStart().startsWith('[')) {
    throw damaged(file, 'it is a JSON list, not a record in each line; name it .json');
  }
  const unit = /\.parquet$/i.test(file) ? 'row' : 'line';
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const place = `${file}, ${unit} ${i + 1}`;
    return [objectRecord(parseJson(line, place), place)];
  });
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(place, `no valid JSON (${(cause as Error).message})`, cause);
  }
}

function objectRecord(item: unknown, place: string): DataRecord {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw damaged(place, 'no object');
  }
  return { fields: item as Record<string, unknown>, place };
}

function tableRecords(
  rows: ReturnType<typeof tableRows>,
  file: string,
  columns?: readonly string[],
): DataRecord[] {
  const names = columns ?? rows[0]?.cells ?? [];
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw damaged(file, `two of its columns are called ${JSON.stringify(twice)}`);
  }
  return rows.slice(columns ? 0 : 1).map(({ cells, line }) => {
    const place = `${file}, line ${line}`;
    if (cells.length !== names.length) {
      throw damaged(
        place,
        `${counted(cells.length, 'field')}, where there ${names.length === 1 ? 'is' : 'are'} ${counted(names.length, 'column')}${separatorHint(names)}`,
      );
    }
    return { fields: Object.fromEntries(names.map((name, i) => [name, cells[i]!])), place };
  });
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` when the field is no text */
export function textOf({ fields, place }: DataRecord, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value === 'string') return value;
  throw damaged(
    place,
    value === undefined
      ? `no field ${JSON.stringify(name)} (its fields are ${Object.keys(fields).slice(0, 10).join(', ')})${nameHint(fields, name)}`
      : `${name} is ${value === null ? 'null' : `a ${Array.isArray(value) ? 'list' : typeof value}`}, not text`,
  );
}

/** What a name that is not there was likely meant to be. */
function nameHint(fields: DataRecord['fields'], name: string): string {
  const names = Object.keys(fields);
  const alike = names.find((each) => each.trim().toLowerCase() === name.toLowerCase());
  if (alike === undefined) return separatorHint(names);
  const how = alike.trim() === name ? 'blanks around it' : 'another case';
  return `: ${JSON.stringify(alike)} has ${how}; rename it to ${JSON.stringify(name)}`;
}

/** Where a whole header became one name. */
function separatorHint(names: readonly string[]): string {
  const [only = ''] = names.length === 1 ? names : [];
  if (only.includes('\t')) return ': its columns are separated by tabs; name it .tsv';
  return only.includes(';')
    ? ': its columns are separated by semicolons; separate them by commas'
    : '';
}

/** A text; what is null in its place is empty. @throws AlphaLoraError as `textOf` */
export function textOrNone(record: DataRecord, name: string): string {
  return record.fields[name] === null ? '' : textOf(record, name);
}

/** A number, or a text that is one. @throws AlphaLoraError `INVALID_DOCUMENT` when it is neither */
export function numberOf(record: DataRecord, name: string): number {
  const given = record.fields[name];
  const value =
    typeof given === 'number' ? given : Number(textOf(record, name).trim() || Number.NaN);
  if (Number.isFinite(value)) return value;
  throw damaged(record.place, `${name} is not a number`);
}

/**
 * The items of a list. Cells of a table hold lists as JSON.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` when it is no list
 */
export function listOf({ fields, place }: DataRecord, name: string): unknown[] {
  const value = unpacked(fields[name]);
  if (Array.isArray(value)) return value;
  throw damaged(place, `${name} is not a list${inCell(fields[name])}`);
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` when it is no list of texts */
export function textsOf(record: DataRecord, name: string): string[] {
  const value = listOf(record, name);
  if (value.every((item) => typeof item === 'string')) return value;
  throw damaged(record.place, `${name} is not a list of texts`);
}

/** The record in a field; cells of a table hold it as JSON. Empty where there is none. */
export function recordIn({ fields, place }: DataRecord, name: string): DataRecord {
  return { fields: Object(unpacked(fields[name])) as DataRecord['fields'], place };
}

function unpacked(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function inCell(value: unknown): string {
  return typeof value === 'string' ? ': in a cell of a table, write it as JSON' : '';
}

export function damaged(place: string, what: string, cause?: unknown): AlphaLoraError {
  return errorIn('INVALID_DOCUMENT', place, what, { cause });
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
