/** The file of `--scores`, as JSON or CSV. */
import { extname } from 'node:path';
import { parseScores, type Score } from '@alphalora/allocator';
import { AlphaLoraError } from '@alphalora/contracts';
import { parse } from 'csv-parse/sync';
import { inputName, readText } from './files.js';
import type { Io } from './io.js';

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` saying what is expected */
export async function readScores(file: string, io: Pick<Io, 'signal'>): Promise<Score[]> {
  const text = await readText(file, io);
  const content = extname(file).toLowerCase() === '.csv' ? rowsOf(text, file) : jsonOf(text, file);
  return parseScores(content, inputName(file));
}

function rowsOf(text: string, file: string): unknown {
  try {
    return parse(text, {
      bom: true,
      columns: (header: string[]) => header.map((title) => title.toLowerCase()),
      skip_empty_lines: true,
      trim: true,
      cast: (value, { header, column }) =>
        header || column === 'name' || value === '' ? value || undefined : Number(value),
    });
  } catch (cause) {
    throw invalid(file, `is not CSV: ${(cause as Error).message}`, cause);
  }
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, `is not JSON: ${(cause as Error).message}`, cause);
  }
}

function invalid(path: string, what: string, cause?: unknown): AlphaLoraError {
  const file = inputName(path);
  return new AlphaLoraError('INVALID_DOCUMENT', `${file} ${what}`, { details: { file }, cause });
}
