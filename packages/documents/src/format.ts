/** Documents as text. */
import type { Allocation, Analysis, Scores } from '@alphalora/contracts';

/** JSON with one line for each element of the long lists, so that a diff shows what changed. */
export function formatDocument(document: Analysis | Allocation | Scores): string {
  const entries = Object.entries(document).map(([key, value]) => {
    const rows: unknown[] = Array.isArray(value) && value.some(isObject) ? value : [];
    if (rows.length === 0) return `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const lines = rows.map((row) => `    ${JSON.stringify(row)}`);
    return `  ${JSON.stringify(key)}: [\n${lines.join(',\n')}\n  ]`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
