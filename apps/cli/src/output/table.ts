/** Plain text tables: columns padded to their widest cell, numbers to the right. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
}

/** @returns lines, each ending with a line break */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
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
