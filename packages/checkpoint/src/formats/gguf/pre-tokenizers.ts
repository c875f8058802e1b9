/**
 * How texts are cut before byte-level BPE, by the names that llama.cpp gives to the ways of the original
 * tokenizers (`llama_vocab_pre_type` of llama-vocab.cpp, `get_vocab_base_pre` of convert_hf_to_gguf.py):
 * as the tokenizer.json of those has it.
 */

type Part = Readonly<Record<string, unknown>>;

export interface Cutting {
  readonly preTokenizer: Part;
  readonly normalizer?: Part;
  /** Whether a piece that is a token is taken as such, whatever the merges: Llama 3. */
  readonly wholeWords?: boolean;
}

const byteLevel = (splits: boolean): Part => ({
  ...{ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
  use_regex: splits,
});
const split = (expression: string): Part => ({
  ...{ type: 'Split', pattern: { Regex: expression } },
  ...{ behavior: 'Isolated', invert: false },
});
const inTurn = (...pretokenizers: Part[]): Part => ({ type: 'Sequence', pretokenizers });
const by = (...expressions: string[]): Part => inTurn(...expressions.map(split), byteLevel(false));

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const rest = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;

/** Words, numbers of so many digits, the rest. */
const words = (digits: string): string =>
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|${rest}`;

/** Words with capitals in them apart; `after` a word, such as 's. */
const casedWords = (after: string, digits: string): string => {
  const start = String.raw`[^\r\n\p{L}\p{N}]?`;
  const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
  const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
  return String.raw`${start}${upper}*${lower}+${after}|${start}${upper}+${lower}*${after}|${digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${rest}`;
};

const gpt2: Cutting = { preTokenizer: byteLevel(true) };
const digitsApart: Cutting = {
  preTokenizer: inTurn({ type: 'Digits', individual_digits: true }, byteLevel(true)),
};
const llama3: Cutting = { preTokenizer: by(words(String.raw`\p{N}{1,3}`)), wholeWords: true };
const qwen2: Cutting = {
  preTokenizer: by(words(String.raw`\p{N}`)),
  normalizer: { type: 'NFC' },
};
const gpt4o: Cutting = { preTokenizer: by(casedWords(`${contractions}?`, String.raw`\p{N}{1,3}`)) };
const tekken: Cutting = { preTokenizer: by(casedWords('', String.raw`\p{N}`)) };

const ways: ReadonlyArray<readonly [way: Cutting, ...names: string[]]> = [
  // Files of the time before there were names have none.
  [gpt2, '', 'default', 'gpt-2', 'phi-2', 'mpt', 'olmo', 'jais', 'trillion', 'granite-docling'],
  [digitsApart, 'smollm', 'starcoder', 'refact', 'command-r', 'codeshell', 'exaone', 'minerva-7b'],
  [llama3, 'llama-bpe', 'llama3', 'llama-v3', 'falcon3', 'pixtral', 'lfm2'],
  [qwen2, 'qwen2', 'deepseek-r1-qwen', 'megrez'],
  [gpt4o, 'gpt-4o', 'llama4'],
  [tekken, 'tekken'],
];

/** @returns undefined for a name that is not known: tokens would differ, silently */
export function preTokenizerOf(name: string): Cutting | undefined {
  return ways.find(([, ...names]) => names.includes(name))?.[0];
}
