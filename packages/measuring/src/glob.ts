/**
 * Patterns over the names of weights: `*` stands for any characters, dots and slashes too, `?` for
 * one, `{q,k}_proj` for either; `\` before one of these takes it as it is. Brackets are ordinary, as
 * they are part of names (`c_attn.weight[q]`).
 *
 * No regular expression: patterns with many stars take those exponential time. Here a star gives way
 * only to the next star, so that a match takes at most |pattern| x |name| comparisons.
 */
import { AlphaLoraError } from '@alphalora/contracts';

/** Names that the alternatives of one pattern may spell out. */
const MOST_ALTERNATIVES = 1000;

/** A character, or what stands for some. */
type Token = string | { any: 'one' | 'many' };

/**
 * @param onCompared called for every comparison of a character, to count the work
 * @throws AlphaLoraError `INVALID_OPTION` for a pattern with too many alternatives
 */
export function globMatcher(glob: string, onCompared?: () => void): (name: string) => boolean {
  const patterns = alternativesOf(tokensOf(glob), glob);
  return (name) => patterns.some((pattern) => matches(pattern, name, onCompared));
}

/** Whether it has a `*` or a `?`, with which it is a pattern of whole names. */
export function hasWildcards(glob: string): boolean {
  return tokensOf(glob).some((part) => typeof part === 'object' && 'any' in part);
}

type Part = Token | { brace: '{' | ',' | '}' };

function tokensOf(glob: string): Part[] {
  return (glob.match(/\\[\s\S]|[\s\S]/g) ?? []).map((text): Part => {
    if (text === '*') return { any: 'many' };
    if (text === '?') return { any: 'one' };
    if (text === '{' || text === ',' || text === '}') return { brace: text };
    return text.length === 2 ? text[1]! : text;
  });
}

/** The pattern once for each choice among its braces; those without a partner are ordinary. */
function alternativesOf(parts: readonly Part[], glob: string): Token[][] {
  const open = parts.findIndex((part, i) => isBrace(part, '{') && endOf(parts, i) !== undefined);
  if (open === -1) return [parts.map(plain)];
  const close = endOf(parts, open)!;
  const before = parts.slice(0, open).map(plain);
  const after = alternativesOf(parts.slice(close + 1), glob);
  const found: Token[][] = [];
  for (const choice of choicesOf(parts.slice(open + 1, close))) {
    for (const middle of alternativesOf(choice, glob)) {
      for (const rest of after) {
        found.push([...before, ...middle, ...rest]);
        if (found.length <= MOST_ALTERNATIVES) continue;
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `the pattern '${glob}' has more than ${MOST_ALTERNATIVES} alternatives: give several patterns`,
        );
      }
    }
  }
  return found;
}

/** Where the brace at `open` is closed. */
function endOf(parts: readonly Part[], open: number): number | undefined {
  let depth = 0;
  for (let i = open; i < parts.length; i++) {
    if (isBrace(parts[i]!, '{')) depth++;
    if (isBrace(parts[i]!, '}')) depth--;
    if (depth === 0) return i;
  }
  return undefined;
}

function choicesOf(parts: readonly Part[]): Part[][] {
  const choices: Part[][] = [[]];
  let depth = 0;
  for (const part of parts) {
    if (isBrace(part, '{')) depth++;
    if (isBrace(part, '}')) depth--;
    if (depth === 0 && isBrace(part, ',')) choices.push([]);
    else choices.at(-1)!.push(part);
  }
  return choices;
}

function isBrace(part: Part, brace: string): boolean {
  return typeof part === 'object' && 'brace' in part && part.brace === brace;
}

function plain(part: Part): Token {
  return typeof part === 'object' && 'brace' in part ? part.brace : part;
}

function matches(pattern: readonly Token[], name: string, onCompared?: () => void): boolean {
  let at = 0;
  let place = 0;
  /** Behind the last star, and what it has taken up to. */
  let star: { next: number; taken: number } | undefined;
  while (place < name.length) {
    onCompared?.();
    const token = pattern[at];
    if (typeof token === 'object' && token.any === 'many') {
      star = { next: ++at, taken: place };
    } else if (token !== undefined && (typeof token === 'object' || token === name[place])) {
      at++;
      place++;
    } else if (star) {
      at = star.next;
      place = ++star.taken;
    } else return false;
  }
  return pattern.slice(at).every((token) => typeof token === 'object' && token.any === 'many');
}
