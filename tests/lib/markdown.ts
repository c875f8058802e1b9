/** Fenced code blocks and tables of a Markdown text. */

export interface Fence {
  /** The word after the opening fence, e.g. `ts`; empty when there is none. */
  readonly language: string;
  readonly code: string;
  /** Line number of the opening fence, from 1. */
  readonly line: number;
}

export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { language: string; line: number; code: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const fence = /^```\s*(\w*)/.exec(text);
    if (fence && open) {
      fences.push({ ...open, code: open.code.map((line) => `${line}\n`).join('') });
      open = undefined;
    } else if (fence) {
      open = { language: fence[1]!, line: index + 1, code: [] };
    } else {
      open?.code.push(text);
    }
  }
  return fences;
}

export interface Table {
  readonly header: readonly string[];
  /** As many cells as they have, without the blanks around them. */
  readonly rows: string[][];
}

/** The tables of a Markdown text. Bars within cells are not told from those between them. */
export function tablesIn(markdown: string): Table[] {
  const tables: Table[] = [];
  let open: string[][] = [];
  for (const line of [...markdown.split(/\r?\n/), '']) {
    if (line.startsWith('|')) {
      open.push(
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
      continue;
    }
    const [header, rule, ...rows] = open;
    if (rule?.every((cell) => /^:?-+:?$/.test(cell))) tables.push({ header: header!, rows });
    open = [];
  }
  return tables;
}

/** What stands between single backticks. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}
