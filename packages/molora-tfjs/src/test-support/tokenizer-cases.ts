/**
 * Tokenizers of every kind with what Python's `tokenizers` makes of texts, as `tokenizer-cases.py` beside
 * this file writes them.
 */
import { readFileSync } from 'node:fs';

export const tokenizerProgram: string = readFileSync(
  new URL('./tokenizer-cases.py', import.meta.url),
  'utf8',
);

export interface TokenizerCase {
  readonly name: string;
  readonly tokenizer: object;
  /** A word of the message, where it is refused. */
  readonly refused?: string;
  /** Of each text, with spaces between; null where the Rust library gives up. */
  readonly ids: ReadonlyArray<string | null>;
  /** Ids before each text of `surrounded`, of it and after it; null where it has none. */
  readonly special: ReadonlyArray<readonly [number[], number[], number[]] | null>;
  readonly runs: ReadonlyArray<readonly number[]>;
  /** What the runs are decoded to. */
  readonly texts: ReadonlyArray<string | null>;
}

/** @param lines what the program prints; by default what it printed for this repository */
export function tokenizerCases(
  lines: string = readFileSync(new URL('./tokenizer-cases.jsonl', import.meta.url), 'utf8'),
): { strings: string[]; surrounded: string[]; cases: TokenizerCase[] } {
  const [first, ...rest] = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const models = rest.flatMap((entry) => ('name' in entry ? [] : [entry.model]));
  const cases = new Map<string, TokenizerCase>();
  const none = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  for (const entry of rest) {
    if (!('name' in entry)) continue;
    const { name, refused, like, but = {}, special = [], runs = [], texts = [] } = entry;
    const same = cases.get(like)?.ids ?? [];
    const ids = entry.ids ?? same.map((text, i) => (i in but ? but[i] : text));
    const tokenizer = { version: '1.0', ...none, ...entry.parts, model: models[entry.model] };
    cases.set(name, { name, tokenizer, refused, ids, special, runs, texts });
  }
  return { ...first, cases: [...cases.values()] };
}
