/**
 * Rows of comma-separated values (RFC 4180) and tab-separated ones, by csv-parse.
 *
 * Tab-separated files come in two kinds that no name tells apart. Those of GLUE quote nothing, and
 * quotation marks are part of the text; those of pandas and spreadsheets quote as CSV does. A file
 * counts as quoted only where it cannot be of the first kind: where its lines have not as many fields
 * as its header and the quoted rows do, or where all quotation marks are those of quoted cells and
 * some are doubled within.
 */
import { errorIn } from '@alphalora/contracts';
import { CsvError, parse } from 'csv-parse/browser/esm/sync';

export interface TableRow {
  readonly cells: readonly string[];
  /** Where it begins, from 1. */
  readonly line: number;
}

/**
 * The rows, the header included; blank lines are left out.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` where a quotation mark is not closed or not doubled
 */
export function tableRows(text: string, file: string, format: 'csv' | 'tsv'): TableRow[] {
  if (format === 'csv') return rowsOf(text, file, ',', true);
  const plain = rowsOf(text, file, '\t', false);
  if (!text.includes('"')) return plain;
  const quoted = quotedRows(text, file);
  const doubled = plain.some(({ cells }) => cells.some((cell) => /^".*"".*"$/s.test(cell)));
  return quoted && (isEven(plain) ? doubled && quoted.length === plain.length : isEven(quoted))
    ? quoted
    : plain;
}

/** @returns undefined where quotation marks stand within the text */
function quotedRows(text: string, file: string): TableRow[] | undefined {
  try {
    return rowsOf(text, file, '\t', true);
  } catch {
    return undefined;
  }
}

function isEven(rows: readonly TableRow[]): boolean {
  return rows.every(({ cells }) => cells.length === rows[0]!.cells.length);
}

function rowsOf(text: string, file: string, delimiter: string, quotes: boolean): TableRow[] {
  const rows: TableRow[] = [];
  // csv-parse counts \r\n within a cell as the end of two lines.
  let surplus = 0;
  const onRecord = (cells: string[], { lines }: { lines: number }): null => {
    surplus += count(cells, '\r');
    rows.push({ cells, line: lines - surplus - count(cells, '\n') });
    return null;
  };
  try {
    parse(text, {
      delimiter,
      ...(quotes ? {} : { quote: null, escape: null }),
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: onRecord,
    });
    return rows;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const { lines } = cause as CsvError & { lines: number };
    throw errorIn(
      'INVALID_DOCUMENT',
      `${file}, line ${lines - surplus}`,
      'a quotation mark is not closed or not doubled',
      { cause },
    );
  }
}

function count(cells: readonly string[], character: string): number {
  return cells.reduce((sum, cell) => sum + cell.split(character).length - 1, 0);
}
