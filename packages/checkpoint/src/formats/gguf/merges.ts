/**
 * Merges of a vocabulary that has scores instead: each token is made of every two others that it can be cut
 * into, those of higher scores first (`generate_merges` of huggingface/transformers).
 */

export interface ScoredToken {
  readonly token: string;
  readonly score: number;
  /** Whether merges make it or make other tokens of it: bytes and control tokens stand for themselves. */
  readonly isPiece: boolean;
}

/** Longer tokens are no words; the number of cuts looks at all their parts. */
const LONGEST = 256;

export function mergesOf(vocabulary: readonly ScoredToken[]): Array<[string, string]> {
  const ids = new Map<string, number>();
  for (const [id, { token, isPiece }] of vocabulary.entries()) if (isPiece) ids.set(token, id);
  const merges: Array<{ pair: [string, string]; score: number; sizes: number[]; order: number[] }> =
    [];
  for (const { token, score, isPiece } of vocabulary) {
    const characters = [...token];
    if (!isPiece || characters.length > LONGEST) continue;
    for (let cut = 1; cut < characters.length; cut++) {
      const left = characters.slice(0, cut).join('');
      const right = characters.slice(cut).join('');
      const order = [ids.get(left), ids.get(right)];
      if (order[0] === undefined || order[1] === undefined) continue;
      const sizes = [-cut, cut - characters.length];
      merges.push({ pair: [left, right], score, sizes, order: order as number[] });
    }
  }
  // Python sorts the cuts of a token by ids, then all, backwards but for what is equal.
  merges.sort(
    (a, b) =>
      b.score - a.score ||
      a.sizes[0]! - b.sizes[0]! ||
      a.sizes[1]! - b.sizes[1]! ||
      ids.get(a.pair.join(''))! - ids.get(b.pair.join(''))! ||
      a.order[0]! - b.order[0]! ||
      a.order[1]! - b.order[1]!,
  );
  return merges.map(({ pair }) => pair);
}
