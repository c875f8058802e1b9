/**
 * Texts cut at the tokens that were added to a vocabulary, as the Rust library does
 * (`added_vocabulary.rs` of huggingface/tokenizers): the leftmost token wins, of several the longest;
 * one of `single_word` counts only between characters that are no part of a word; `lstrip` and
 * `rstrip` take the white space beside it.
 */
import { defined } from '@alphalora/contracts';
import { wordCharacters } from './characters.js';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** A piece of a text: an added token, or what lies between them. */
export interface Section {
  readonly text: string;
  /** Of the added token. */
  readonly id?: number;
  /** Where it begins in the text, in UTF-16 code units. */
  readonly start: number;
}

/** @param tokens with the contents that they are looked for by; empty ones are never found */
export function addedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => Section[] {
  const byContent = new Map(
    tokens.filter(({ content }) => content !== '').map((token) => [token.content, token]),
  );
  if (byContent.size === 0) return (text) => (text === '' ? [] : [{ text, start: 0 }]);
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map(escaped).join('|'), 'gu');
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    const push = (start: number, end: number, id?: number): void => {
      if (end > start) sections.push({ text: text.slice(start, end), start, ...defined({ id }) });
    };
    for (const match of text.matchAll(pattern)) {
      const token = byContent.get(match[0])!;
      let [start, end] = [match.index, match.index + match[0].length];
      if (token.single_word && !standsAlone(text, start, end)) continue;
      if (token.lstrip) start = Math.max(done, start - spaceAtEnd(text.slice(0, start)));
      if (token.rstrip) end += spaceAtStart(text.slice(end));
      push(done, start);
      push(start, end, token.id);
      done = end;
    }
    push(done, text.length);
    return sections;
  };
}

const wordBefore = new RegExp(`[${wordCharacters}]$`, 'u');
const wordAfter = new RegExp(`^[${wordCharacters}]`, 'u');

function standsAlone(text: string, start: number, end: number): boolean {
  return (
    !wordBefore.test(text.slice(Math.max(0, start - 2), start)) &&
    !wordAfter.test(text.slice(end, end + 2))
  );
}

function spaceAtEnd(text: string): number {
  let at = text.length;
  while (at > 0 && /\p{White_Space}/u.test(text[at - 1]!)) at--;
  return text.length - at;
}

function spaceAtStart(text: string): number {
  return /^\p{White_Space}*/u.exec(text)![0].length;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
