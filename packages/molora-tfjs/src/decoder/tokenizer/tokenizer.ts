/**
 * Text to tokens and back, by `tokenizer.json` and `tokenizer_config.json` of a checkpoint. Tokens are
 * those of the Rust library that the files belong to, or the tokenizer is refused; truncation and
 * padding in tokenizer.json are left to the caller, as transformers does.
 *
 * Tokens that begin a text are added, those that end one are left to the caller, because a prompt must
 * not have them.
 */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import type { AddedToken } from './added-tokens.js';
import { withBertSettings } from './bert.js';
import { makeExact } from './decode.js';
import { textEncoder } from './encode.js';
import { type Part, UnsupportedPart } from './part.js';
import { supportedTokenizer } from './parts.js';
import { contradiction, surroundingTokens } from './surrounding-tokens.js';

export interface Tokenizer {
  /** @param begin whether to start with `beginTokens`. @default true */
  encode(text: string, options?: { begin?: boolean }): number[];
  /** Without special tokens. */
  decode(ids: readonly number[]): string;
  /** That tokenizer.json puts before a text, such as BOS, in order. */
  readonly beginTokens: readonly number[];
  /** That it puts after one, such as SEP of BERT, in order; `encode` leaves them out. */
  readonly closingTokens: readonly number[];
  readonly endToken?: number;
  /** Tokens, added ones included. */
  readonly size: number;
}

/**
 * @param tokenizerJson the parsed tokenizer.json
 * @param configJson the parsed tokenizer_config.json. @default none
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when they are no tokenizer, `UNSUPPORTED_CHECKPOINT`
 *   naming what they use that cannot be computed here as by the Rust library, or where the two
 *   begin a text with different tokens
 */
export function createTokenizer(tokenizerJson: unknown, configJson: unknown = {}): Tokenizer {
  const tokenizer = guarded(() => tokenizerOf(tokenizerJson, configJson));
  return {
    ...tokenizer,
    encode: (text, options) => guarded(() => tokenizer.encode(text, options)),
    decode: (ids) => guarded(() => tokenizer.decode(ids)),
  };
}

/** Fields of other types than they should have show where they are used, in the library or here. */
function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (isAlphaLoraError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `tokenizer.json is not a valid tokenizer: ${reason}`,
      { cause },
    );
  }
}

function tokenizerOf(tokenizerJson: unknown, configJson: unknown): Tokenizer {
  if (!isObject(tokenizerJson) || !isObject(tokenizerJson['model']) || !isObject(configJson)) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      'tokenizer.json: no tokenizer of the Hugging Face library; it has an object "model"',
    );
  }
  const [supported, { before: begins, after: ends }] = understood(() => [
    supportedTokenizer(withBertSettings(tokenizerJson, configJson)),
    surroundingTokens(tokenizerJson['post_processor'] as Part | null | undefined),
  ]);
  const tokenizer = build(supported, configJson);
  const { clean_up_tokenization_spaces: cleanUp } = configJson;
  const idOf = (setting: string): number | undefined => {
    const value = configJson[setting];
    const text = isObject(value) ? value['content'] : value;
    return typeof text === 'string' ? tokenizer.token_to_id(text) : undefined;
  };
  const endToken = idOf('eos_token');
  const other = contradiction(begins, idOf('bos_token'), configJson);
  if (other !== undefined) {
    const names = begins.map((id) => tokenizer.id_to_token(id)).join(' ') || 'no token';
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `tokenizer_config.json has ${other}, but the post-processor of tokenizer.json begins a text with ${names}: save the tokenizer again with the version of transformers that the model was trained with`,
    );
  }
  makeExact(tokenizer.decoder);
  const encodeText = textEncoder(
    tokenizer,
    supported['model'] as Part,
    supported['added_tokens'] as AddedToken[],
  );
  return {
    encode(text, { begin = true } = {}) {
      const ids = begin ? [...begins, ...encodeText(text)] : encodeText(text);
      const odd = ids.find((id) => !Number.isInteger(id));
      if (odd !== undefined) throw new Error(`it makes a token ${JSON.stringify(odd)} of a text`);
      return ids;
    },
    decode(ids) {
      // The library refuses it, though a model may end its text with the first token.
      if (ids.length === 0) return '';
      return tokenizer.decode([...ids], {
        skip_special_tokens: true,
        clean_up_tokenization_spaces: cleanUp === true,
      });
    },
    beginTokens: begins,
    closingTokens: ends,
    ...defined({ endToken }),
    size: tokenizer.get_vocab().size,
  };
}

/** What is read from tokenizer.json. */
function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof UnsupportedPart) {
      throw new AlphaLoraError(
        'UNSUPPORTED_CHECKPOINT',
        `tokenizer.json uses ${cause.message}, which is not supported: its tokens would differ from those that the model was trained with`,
        { cause },
      );
    }
    throw cause;
  }
}

function build(
  tokenizerJson: Record<string, unknown>,
  configJson: Record<string, unknown>,
): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(tokenizerJson, configJson);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `tokenizer.json cannot be used by @huggingface/tokenizers: ${reason}`,
      { cause },
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
