/** Fenced code blocks of a Markdown text. */

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
