/**
 * The normalizer and the pre-tokenizer of BERT (`normalizers/bert.rs` and `pre_tokenizers/bert.rs` of
 * huggingface/tokenizers) as replacements and splits, which both libraries have alike.
 *
 * The Rust library knows marks, punctuation and invisible characters of Unicode 8; characters that came
 * later, or changed, are listed here. Found by asking it about every character.
 */
import type { Part } from './part.js';

/** A set of characters from hexadecimal ranges, for within `[]`. */
function characters(ranges: string): string {
  const last = (range: string): string => range.split('-').map(character).join('-');
  return ranges.split(' ').map(last).join('');
}

function character(hexadecimal: string): string {
  return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
}

const laterMarks = characters(
  '7fd 897-8e1 9fe afa-aff b55 c04-c3c d00 d3b-d3c d81 eba ece 180f-1886 1abf-1aeb 1df6-1dfb a82c a8c5 a8ff ' +
    'a9bd 10d24-10d6d 10eab-10f85 11070-11074 110c2 111c9 111cf 1123e-11241 1133b 113bb-1145e 1182f-11d97 ' +
    '11ef3-11f5a 13440-13455 1611e-1612f 16f4f 16fe4 1cf00-1cf46 1e000-1e136 1e2ae-1e2ef 1e4ec-1e6f5 1e944-1e94a',
);
const formerMarks = characters('1734 1171e');
const laterPunctuation = characters(
  '61d 9fd-a76 c77-c84 1b4e-1b4f 1b7d-1b7f 2e43-2e5d 10d6e 10ead-10f89 113d4-1145d 11660-116b9 1183b-11c71 ' +
    '11ef7-11fff 12ff1-12ff2 16d6d-16e9a 16fe2 1e5ff 1e95e-1e95f',
);
const formerPunctuation = characters('166d 111c9');
const laterInvisible = characters('890-8e2 110cd 13430-1343f');
/** By the blocks that BERT's first implementation takes for Chinese. */
const ideographs = characters(
  '4e00-9fff 3400-4dbf 20000-2a6df 2a700-2b73f 2b740-2b81f 2b920-2ceaf f900-faff 2f800-2fa1f',
);

const invisible = `(?![\\t\\n\\r${laterInvisible}])[\\p{Cc}\\p{Cf}\\p{Co}]|[\0\ufffd]`;
const marks = `(?![${laterMarks}])\\p{Mn}|[${formerMarks}]`;
const punctuation = `(?![${laterPunctuation}])[\\p{P}$+<=>^\`|~]|[${formerPunctuation}]`;

/** `Lowercase`, character by character: a sigma at the end of a word is like any other. */
export const lowercase: readonly Part[] = [replaced('Σ', 'σ'), { type: 'Lowercase' }];

/** @param part a `BertNormalizer` @returns steps that do the same, in their order */
export function bertNormalizer(part: Part): Part[] {
  const {
    clean_text: clean = true,
    handle_chinese_chars: spaced = true,
    lowercase: lower = true,
  } = part;
  const strips = part['strip_accents'] ?? lower;
  return [
    ...(clean ? [replaced(invisible, ''), replaced('\\p{White_Space}', ' ')] : []),
    ...(spaced ? [replaced(`[${ideographs}]`, ' $& ')] : []),
    ...(strips ? [{ type: 'NFD' }, replaced(marks, '')] : []),
    ...(lower ? lowercase : []),
  ];
}

/**
 * transformers (4.57 and 5.24, which were run) builds the normalizer of this class from tokenizer_config.json,
 * whatever tokenizer.json has.
 *
 * @param json the parsed tokenizer.json @param config the parsed tokenizer_config.json
 * @returns tokenizer.json with the normalizer that counts
 */
export function withBertSettings(json: Part, config: Part): Part {
  const normalizer = json['normalizer'] as Part | null | undefined;
  const isOwn = /^BertTokenizer(Fast)?$/.test(String(config['tokenizer_class']));
  if (!isOwn || normalizer?.['type'] !== 'BertNormalizer') return json;
  const {
    do_lower_case: lower,
    tokenize_chinese_chars: spaced,
    strip_accents: strips = null,
  } = config;
  return {
    ...json,
    normalizer: {
      ...normalizer,
      lowercase: lower ?? true,
      handle_chinese_chars: spaced ?? true,
      strip_accents: strips,
    },
  };
}

/** `BertPreTokenizer`: words and single punctuation characters. */
export const bertPreTokenizer: readonly Part[] = [
  { type: 'Split', pattern: { Regex: '\\s+' }, behavior: 'Removed', invert: false },
  { type: 'Split', pattern: { Regex: punctuation }, behavior: 'Isolated', invert: false },
];

function replaced(regex: string, content: string): Part {
  return { type: 'Replace', pattern: { Regex: regex }, content };
}
