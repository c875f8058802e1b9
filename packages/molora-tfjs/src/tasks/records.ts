/**
 * Records from the text formats of data sets: JSON, JSON lines, tab-separated values as GLUE has them
 * (no quoting; quotation marks are part of the text) and comma-separated values (RFC 4180).
 *
 * Nothing is skipped but blank lines: a row of another length or a field of another type is an error
 * that says which record of which file it is.
 */
import { type AlphaLoraError, errorIn } from '@alphalora/contracts';

export interface DataRecord {
  readonly fields: Readonly<Record<string, unknown>>;
  /** File and position, for messages. */
  readonly place: string;
}

/**
 * @param file its ending tells the format; of others, the text's first character
 * @param columns names of the columns of files without a header
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the text is not of its format
 */
export function parseRecords(
  text: string,
  file: string,
  columns?: readonly string[],
): DataRecord[] {
  const plain = withoutMark(text);
  switch (formatOf(plain, file)) {
    case 'json':
      return jsonRecords(plain, file);
    case 'jsonl':
      return jsonLines(plain, file);
    case 'tsv':
      return table(tabRows(plain), file, columns);
    case 'csv':
      return table(commaRows(plain, file), file, columns);
  }
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
    throw damaged(file, 'its format is not known; name it .json, .jsonl, .tsv or .csv');
  }
  return ending.toLowerCase() as 'jsonl' | 'tsv' | 'csv';
}

function jsonRecords(text: string, file: string): DataRecord[] {
  const items = parseJson(text, file);
  if (!Array.isArray(items)) throw damaged(file, 'its JSON is no list of records');
  return items.map((item, i) => objectRecord(item, `${file}, record ${i + 1}`));
}

function jsonLines(text: string, file: string): DataRecord[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const place = `${file}, line ${i + 1}`;
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

interface Row {
  cells: string[];
  line: number;
}

function tabRows(text: string): Row[] {
  return text.split('\n').flatMap((line, i) => {
    const row = line.endsWith('\r') ? line.slice(0, -1) : line;
    return row === '' ? [] : [{ cells: row.split('\t'), line: i + 1 }];
  });
}

function commaRows(text: string, file: string): Row[] {
  const rows: Row[] = [];
  let cells: string[] = [];
  let line = 1;
  let start = 1;
  // A cell, quoted or not, and what ends it; the flag makes every cell begin where one ended.
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match)
      throw damaged(`${file}, line ${line}`, 'a quotation mark is not closed or not doubled');
    const [whole, quoted, bare, end] = match;
    cells.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'));
    for (let i = at; i < at + whole.length; i++) if (text.charCodeAt(i) === 0x0a) line++;
    if (end === ',' && cell.lastIndex < text.length) continue;
    if (end === ',') cells.push('');
    if (cells.length > 1 || cells[0] !== '') rows.push({ cells, line: start });
    cells = [];
    start = line;
  }
  return rows;
}

function table(rows: readonly Row[], file: string, columns?: readonly string[]): DataRecord[] {
  const names = columns ?? rows[0]?.cells ?? [];
  return rows.slice(columns ? 0 : 1).map(({ cells, line }) => {
    const place = `${file}, line ${line}`;
    if (cells.length !== names.length) {
      throw damaged(place, `${cells.length} fields, where there are ${names.length} columns`);
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
      ? `no field ${JSON.stringify(name)} (its fields are ${Object.keys(fields).slice(0, 10).join(', ')})`
      : `${name} is no text`,
  );
}

/** A number, or a text that is one. @throws AlphaLoraError `INVALID_DOCUMENT` when it is neither */
export function numberOf(record: DataRecord, name: string): number {
  const given = record.fields[name];
  const value =
    typeof given === 'number' ? given : Number(textOf(record, name).trim() || Number.NaN);
  if (Number.isFinite(value)) return value;
  throw damaged(record.place, `${name} is no number`);
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` when it is no list of texts */
export function textsOf({ fields, place }: DataRecord, name: string): string[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw damaged(place, `${name} is no list of texts`);
}

export function damaged(place: string, what: string, cause?: unknown): AlphaLoraError {
  return errorIn('INVALID_DOCUMENT', place, what, { cause });
}
