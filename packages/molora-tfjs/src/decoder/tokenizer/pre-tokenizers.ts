/**
 * Pre-tokenizers as ones that both libraries have alike: splits by regular expressions, in which white
 * space, words and digits are those of Unicode, as in Rust.
 */
import { bertPreTokenizer } from './bert.js';
import { wordCharacters } from './characters.js';
import { type Part, refuse } from './part.js';

/** One after the other. */
export function preTokenizers(part: Part | undefined): Part[] {
  if (!part) return [];
  return part['type'] === 'Sequence'
    ? (part['pretokenizers'] as Part[]).flatMap(preTokenizers)
    : [part];
}

/** GPT-2's, with the white space of Unicode. */
const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** @throws UnsupportedPart @returns parts that do in this library what it does in the Rust library */
export function preTokenizer(part: Part): Part[] {
  switch (part['type']) {
    case 'ByteLevel': {
      const { add_prefix_space: prefix = true, use_regex: split = true } = part;
      return [
        ...(prefix ? [{ type: 'Replace', pattern: { Regex: '\\A[^ ]' }, content: ' $&' }] : []),
        ...(split ? [isolated(gpt2)] : []),
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
      ];
    }
    case 'Metaspace': {
      const { replacement = '▁', add_prefix_space: prefix = true, split = true } = part;
      const mark = String(replacement);
      if ([...mark].length !== 1) refuse('a Metaspace replacement of several characters');
      const scheme = part['prepend_scheme'] ?? (prefix ? 'always' : 'never');
      const piece = `[${mark}][^${mark}]*|[^${mark}]+`;
      return [
        { type: 'Metaspace', replacement: mark, prepend_scheme: scheme },
        ...(split ? [isolated(piece)] : []),
      ];
    }
    case 'Digits':
      return [isolated(part['individual_digits'] ? '\\p{N}' : '\\p{N}+')];
    case 'WhitespaceSplit':
      return [{ type: 'Split', pattern: { Regex: '\\s+' }, behavior: 'Removed', invert: false }];
    case 'Whitespace':
      return [
        {
          type: 'Split',
          behavior: 'Removed',
          invert: true,
          pattern: { Regex: `[${wordCharacters}]+|[^${wordCharacters}\\s]+` },
        },
      ];
    case 'BertPreTokenizer':
      return [...bertPreTokenizer];
    case 'Split':
      return [splitPart(part)];
    default:
      return refuse(`the pre-tokenizer ${part['type']}`);
  }
}

function isolated(regex: string): Part {
  return { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
}

function splitPart(part: Part): Part {
  const { Regex: regex } = part['pattern'] as { Regex?: string };
  const behavior = String(part['behavior']);
  const inverted = part['invert'] === true;
  const known = inverted ? behavior === 'Removed' : ['Isolated', 'Removed'].includes(behavior);
  if (!known || (regex === undefined && behavior === 'Removed'))
    refuse(`the pre-tokenizer Split with the behavior ${behavior}${inverted ? ', inverted' : ''}`);
  if (regex === undefined) return part;
  const bare = regex.replaceAll(/\\[pPx]\{[^}]*\}|\\.|\[(?:\\.|[^\]])*\]/g, 'x');
  if (/[*+?]\+|\(\?>/.test(bare))
    refuse('the pre-tokenizer Split with possessive quantifiers or atomic groups');
  return { ...part, pattern: { Regex: foldedLongS(regex) } };
}

/** Without regard to case, s is also the long s; the expressions of Llama 3 and Qwen look for 's. */
function foldedLongS(regex: string): string {
  return regex.replaceAll("(?i:'s|", "(?i:'[sſ]|");
}

/** Whether a part splits at a text that a normalizer has replaced throughout. */
export function isSplitAt(part: Part, replaced: Part): boolean {
  const { String: from } = (replaced['pattern'] ?? {}) as { String?: string };
  const { String: at } = (part['pattern'] ?? {}) as { String?: string };
  if (part['type'] !== 'Split' || replaced['type'] !== 'Replace' || at === undefined) return false;
  return at === from && !String(replaced['content']).includes(at);
}
