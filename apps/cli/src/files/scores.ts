/** The file of `--scores`, as JSON or CSV. */
import { extname } from 'node:path';
import { parseScores, type Score } from '@alphalora/allocator';
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { parse } from 'csv-parse/sync';
import type { Io } from '../io.js';
import { readJson } from './documents.js';
import { inputName, readText } from './read.js';

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` saying where and what is wrong */
export async function readScores(file: string, io: Pick<Io, 'signal'>): Promise<Score[]> {
  const name = inputName(file);
  if (extname(file).toLowerCase() !== '.csv') return parseScores(await readJson(file, io), name);
  const { rows, lines } = tableOf(await readText(file, io), name);
  return parseScores(rows, name, {
    row: (position) => `line ${lines[position]}`,
    header: 'line 1',
  });
}

/** @throws AlphaLoraError as {@link readScores} */
export async function readAllScores(
  files: readonly string[],
  io: Pick<Io, 'signal'>,
): Promise<Array<{ file: string; scores: Score[] }>> {
  const all: Array<{ file: string; scores: Score[] }> = [];
  for (const file of files) all.push({ file, scores: await readScores(file, io) });
  return all;
}

interface Table {
  rows: unknown[];
  /** Of each row, the line on which it ends. */
  lines: number[];
}

function tableOf(text: string, name: string): Table {
  const details = { file: name };
  try {
    // With `info`, csv-parse puts each row beside where it was; its types do not say so.
    const found = parse(text, {
      bom: true,
      columns: (header: string[]) => columnsOf(header, name),
      info: true,
      skip_empty_lines: true,
      trim: true,
      cast: (value, { header, column }) =>
        header || column === 'name' || value === '' ? value || undefined : numberIn(value),
    }) as unknown as Array<{ record: unknown; info: { lines: number } }>;
    return { rows: found.map(({ record }) => record), lines: found.map(({ info }) => info.lines) };
  } catch (cause) {
    if (isAlphaLoraError(cause)) throw cause;
    const what = `${name} is not CSV: ${(cause as Error).message}`;
    throw new AlphaLoraError('INVALID_DOCUMENT', what, { details, cause });
  }
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` for a first line that does not name columns apart */
function columnsOf(header: readonly (string | undefined)[], name: string): string[] {
  const fail = (what: string) =>
    new AlphaLoraError('INVALID_DOCUMENT', `${name}, line 1: ${what}`, { details: { file: name } });
  const titles = header.map((title = '') => title.toLowerCase());
  const [separator] = /[;\t|]/.exec(titles.length === 1 ? titles[0]! : '') ?? [];
  if (separator !== undefined) {
    throw fail(`columns must be separated by commas, not by ${JSON.stringify(separator)}`);
  }
  if (titles.every((title) => typeof numberIn(title) === 'number')) {
    throw fail('there are no names of columns, such as block,score');
  }
  const twice = titles.find((title, i) => titles.indexOf(title) < i);
  if (twice !== undefined) throw fail(`two columns are called ${JSON.stringify(twice)}`);
  return titles;
}

function numberIn(text: string): number | string {
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}
