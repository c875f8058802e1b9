/** The name that a mistyped one is nearest to: other case or punctuation, a few letters, a part of it. */

/** @returns undefined where none is near */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const text = lettersOf(name);
  if (text.length < 2 || text.length > LONGEST) return undefined;
  const [first] = known
    .map((own) => ({ own, edits: editsBetween(text, lettersOf(own)) }))
    .sort((a, b) => a.edits - b.edits);
  if (first && first.edits <= text.length / 3) return first.own;
  const parts = known.filter((own) => text.length > 2 && lettersOf(own).includes(text));
  return parts.length === 1 ? parts[0] : undefined;
}

/** Beyond it, it is no name that anyone mistyped. */
const LONGEST = 64;

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Levenshtein's distance, row by row, with two letters that changed places as one edit. */
function editsBetween(a: string, b: string): number {
  let former: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const turned = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = turned ? former[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(change, swap, row[j]! + 1, next[j - 1]! + 1));
    }
    [former, row] = [row, next];
  }
  return row[b.length]!;
}
