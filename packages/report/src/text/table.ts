/** Plain text tables: columns padded to their widest cell, numbers to the right. */
import { printable } from '@alphalora/documents';

export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** A column of texts. */
export function left(title: string): Column {
  return { title, align: 'left' };
}

/**
 * A table in as many parts as a terminal needs, one below the other, each with the first column.
 *
 * @param width characters of a line; of undefined, as many as it takes
 */
export function tableWithin(
  width: number | undefined,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(printable(title).length, ...rows.map((row) => printable(row[i]!).length)),
  );
  const parts: number[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (let i = 1; i < columns.length; i++) {
    const wanted = widths[i]! + 2;
    if (used + wanted > (width ?? Number.POSITIVE_INFINITY) || parts.length === 0) {
      parts.push([0]);
      used = widths[0]!;
    }
    parts.at(-1)!.push(i);
    used += wanted;
  }
  const shown = parts.length > 0 ? parts : [[0]];
  const pick = <Cell>(from: readonly Cell[], part: readonly number[]): Cell[] =>
    part.map((i) => from[i]!);
  return shown
    .map((part) =>
      table(
        pick(columns, part),
        rows.map((row) => pick(row, part)),
      ),
    )
    .join('\n');
}

/** @returns lines, each ending with a line break; every cell is made printable */
export function table(given: readonly Column[], cells: readonly (readonly string[])[]): string {
  const columns = given.map((column) => ({ ...column, title: printable(column.title) }));
  const rows = cells.map((row) => row.map(printable));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]!.length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, i) =>
      columns[i]!.align === 'left' ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!),
    );
    return `${padded.join('  ').trimEnd()}\n`;
  };
  return line(columns.map(({ title }) => title)) + rows.map(line).join('');
}
