/**
 * The tokenizer of a GGUF file in the words of a tokenizer.json (huggingface/tokenizers): byte-level BPE
 * (`gpt2`) and BPE with bytes for what is unknown (`llama`, of SentencePiece). The file has tokens, their
 * types, and merges or scores; how a text is cut before is a name in it, see `pre-tokenizers.ts`.
 */
import { defined } from '@alphalora/contracts';
import type { TokenizerDescription } from '@alphalora/contracts/extensions';
import { invalid, quoted, unsupported } from '../../errors.js';
import { mergesOf } from './merges.js';
import type { Metadata } from './metadata.js';
import { preTokenizerOf } from './pre-tokenizers.js';

/** Types of tokens, as SentencePiece numbers them. */
const [UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE] = [2, 3, 4, 5, 6];

type Part = Readonly<Record<string, unknown>>;

interface Lists {
  readonly tokens: readonly string[];
  /** Of each token; all normal where the file does not say. */
  readonly types: readonly unknown[];
  /** What SentencePiece has of each in place of merges. */
  readonly scores: readonly unknown[] | undefined;
  readonly merges: readonly unknown[] | undefined;
}

interface Vocabulary extends Lists {
  /** What stands for characters without a token. */
  readonly unknown: string | undefined;
}

/**
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another kind of tokenizer or a way to cut texts
 *   that is not known, `INVALID_CHECKPOINT` where lists are missing or do not fit
 */
export function tokenizerOf(metadata: Metadata, file: string): TokenizerDescription {
  const model = textIn(metadata, 'model');
  const vocabulary = listsOf(metadata, file);
  const special = (name: string): string | undefined =>
    vocabulary.tokens[metadata.get(`tokenizer.ggml.${name}_token_id`) as number];
  const [bos, eos, unknown] = [special('bos'), special('eos'), special('unknown')];
  const make = kinds.get(model);
  if (!make) {
    throw unsupported(
      `its tokenizer is of the kind ${quoted(model)}; gpt2 and llama can be used: give the folder of the original model`,
      { file },
    );
  }
  const { addsBegin, ...parts } = make({ ...vocabulary, unknown }, metadata, file);
  const begin = metadata.get('tokenizer.ggml.add_bos_token') ?? addsBegin;
  const template = metadata.get('tokenizer.chat_template');
  return {
    tokenizer: {
      version: '1.0',
      ...parts,
      added_tokens: addedTokens(vocabulary),
      post_processor: begin === true && bos !== undefined ? beginsWith(bos, vocabulary) : null,
    },
    config: defined({
      bos_token: bos,
      eos_token: eos,
      unk_token: unknown,
      pad_token: special('padding'),
      chat_template: typeof template === 'string' ? template : undefined,
    }),
  };
}

function textIn(metadata: Metadata, name: string): string {
  const value = metadata.get(`tokenizer.ggml.${name}`);
  return typeof value === 'string' ? value : '';
}

function listsOf(metadata: Metadata, file: string): Lists {
  const list = (name: string): unknown[] | undefined => {
    const value = metadata.get(`tokenizer.ggml.${name}`);
    return typeof value === 'object' ? value.values() : undefined;
  };
  const tokens = list('tokens') ?? [];
  const types = list('token_type') ?? [];
  const scores = list('scores');
  if (!tokens.every((token) => typeof token === 'string')) {
    throw invalid('the tokens of its tokenizer are no texts', { file });
  }
  for (const each of [types, scores ?? []]) {
    if (each.length === 0 || each.length === tokens.length) continue;
    throw invalid(
      `its tokenizer has ${tokens.length} tokens, and types or scores of ${each.length}`,
      { file },
    );
  }
  return { tokens, types, scores, merges: list('merges') };
}

interface Made {
  readonly model: Part;
  readonly normalizer: Part | null;
  readonly pre_tokenizer: Part | null;
  readonly decoder: Part;
  /** Whether a text begins with a token, unless the file says so. */
  readonly addsBegin: boolean;
}

function byteLevel(vocabulary: Vocabulary, metadata: Metadata, file: string): Made {
  const { merges, unknown } = vocabulary;
  if (!merges) throw invalid('its tokenizer has no merges', { file });
  const name = textIn(metadata, 'pre');
  const cut = preTokenizerOf(name);
  if (!cut) {
    throw unsupported(
      `its tokenizer cuts texts in the way ${quoted(name)}, which is not known: give the folder of the original model`,
      { file },
    );
  }
  const { preTokenizer, normalizer = null, wholeWords = false } = cut;
  return {
    model: {
      type: 'BPE',
      vocab: ids(vocabulary),
      merges,
      ignore_merges: wholeWords,
      // For bytes that have no token: some vocabularies lack a few that no text has.
      ...defined({ unk_token: unknown }),
    },
    normalizer,
    pre_tokenizer: preTokenizer,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    // Llama 3 and what took its tokenizer over; their files do not say so.
    addsBegin: wholeWords,
  };
}

const mark = '▁';

function sentencePiece(given: Vocabulary, metadata: Metadata, file: string): Made {
  const isGemma = String(metadata.get('general.architecture')).startsWith('gemma');
  // Gemma's tokens of several spaces are written as such.
  const tokens = given.tokens.map((token) =>
    /^ {2,}$/.test(token) ? mark.repeat(token.length) : token,
  );
  const vocabulary = { ...given, tokens };
  const { types, scores } = vocabulary;
  const merges =
    vocabulary.merges ??
    mergesOf(
      tokens.map((token, i) => {
        const isPiece = ![UNKNOWN, CONTROL, BYTE, UNUSED].includes(types[i] as number);
        // Gemma's scores are not the order of its merges; that of its tokens is.
        const score = isGemma ? -i : Number(scores?.[i]);
        return { token, score, isPiece };
      }),
    );
  if (!isGemma && !scores && !vocabulary.merges) {
    throw invalid('its tokenizer has neither merges nor scores', { file });
  }
  const { unknown = '<unk>' } = given;
  const spaced = metadata.get('tokenizer.ggml.add_space_prefix') ?? !isGemma;
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: mark };
  return {
    model: {
      ...{ type: 'BPE', vocab: ids(vocabulary), merges },
      ...{ unk_token: unknown, fuse_unk: true, byte_fallback: true },
    },
    normalizer: spaced
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: mark }, spaces] }
      : spaces,
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: mark }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(spaced ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    addsBegin: true,
  };
}

/** By `tokenizer.ggml.model`. */
const kinds: ReadonlyMap<string, typeof byteLevel> = new Map([
  ['gpt2', byteLevel],
  ['llama', sentencePiece],
]);

/** Ids by token, without those that fill a vocabulary up. */
function ids({ tokens, types }: Lists): Record<string, number> {
  return Object.fromEntries(
    tokens.flatMap(
      (token, id): Array<[string, number]> => (types[id] === UNUSED ? [] : [[token, id]]),
    ),
  );
}

function addedTokens({ tokens, types }: Lists): Part[] {
  return tokens.flatMap((content, id) => {
    const type = types[id];
    if (type !== UNKNOWN && type !== CONTROL && type !== USER_DEFINED) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...plain, special: type !== USER_DEFINED }];
  });
}

function beginsWith(token: string, { tokens }: Lists): Part {
  return {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [
      { SpecialToken: { id: token, type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { Sequence: { id: 'B', type_id: 1 } },
    ],
    special_tokens: { [token]: { id: token, ids: [tokens.indexOf(token)], tokens: [token] } },
  };
}
