/** The file of `--scores`, as JSON or CSV. */
import { extname } from 'node:path';
import { parseScores, type Score } from '@alphalora/allocator';
import { AlphaLoraError } from '@alphalora/contracts';
import { parse } from 'csv-parse/sync';
import type { Io } from '../io.js';
import { readJson } from './documents.js';
import { inputName, readText } from './read.js';

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` saying what is expected */
export async function readScores(file: string, io: Pick<Io, 'signal'>): Promise<Score[]> {
  const isCsv = extname(file).toLowerCase() === '.csv';
  const content = isCsv ? rowsOf(await readText(file, io), file) : await readJson(file, io);
  return parseScores(content, inputName(file));
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
    const name = inputName(file);
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${name} is not CSV: ${(cause as Error).message}`,
      {
        details: { file: name },
        cause,
      },
    );
  }
}
