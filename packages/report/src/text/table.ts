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
