/**
 * Text to tokens and back, by `tokenizer.json` and `tokenizer_config.json` of a checkpoint. Tokens are
 * those of the Rust library that the files belong to, or the tokenizer is refused; truncation and
 * padding in tokenizer.json are left to the caller, as transformers does.
 *
 * The token that begins a text is added where tokenizer_config.json asks for it, or where
 * tokenizer.json does when the former says nothing; the token that ends one is left to the caller,
 * because a prompt must not have it.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import type { AddedToken } from './tokenizer/added-tokens.js';
import { makeExact } from './tokenizer/decode.js';
import { textEncoder } from './tokenizer/encode.js';
import { type Part, UnsupportedPart } from './tokenizer/part.js';
import { supportedTokenizer } from './tokenizer/parts.js';

export interface Tokenizer {
  /** @param begin whether to start with the model's begin token, if it has one. @default true */
  encode(text: string, options?: { begin?: boolean }): number[];
  /** Without special tokens. */
  decode(ids: readonly number[]): string;
  readonly beginToken?: number;
  readonly endToken?: number;
  /** Tokens, added ones included. */
  readonly size: number;
}

/**
 * @param tokenizerJson the parsed tokenizer.json
 * @param configJson the parsed tokenizer_config.json. @default none
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when they are no tokenizer, `UNSUPPORTED_CHECKPOINT`
 *   naming what they use that cannot be computed here as by the Rust library
 */
export function createTokenizer(tokenizerJson: unknown, configJson: unknown = {}): Tokenizer {
  if (!isObject(tokenizerJson) || !isObject(tokenizerJson['model']) || !isObject(configJson)) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      'tokenizer.json: no tokenizer of the Hugging Face library; it has an object "model"',
    );
  }
  const supported = supportedParts(tokenizerJson);
  const tokenizer = build(supported, configJson);
  const { clean_up_tokenization_spaces: cleanUp } = configJson;
  const idOf = (setting: string): number | undefined => {
    const value = configJson[setting];
    const text = isObject(value) ? value['content'] : value;
    return typeof text === 'string' ? tokenizer.token_to_id(text) : undefined;
  };
  const beginToken = idOf('bos_token');
  const endToken = idOf('eos_token');
  // What the library puts around an empty text.
  const surrounding = tokenizer.encode('').ids;
  const automatic = beginToken !== undefined && surrounding[0] === beginToken;
  const setting = configJson['add_bos_token'];
  const adds = typeof setting === 'boolean' ? setting : automatic;
  makeExact(tokenizer.decoder);
  const encode = textEncoder(
    tokenizer,
    supported['model'] as Part,
    supported['added_tokens'] as AddedToken[],
  );
  return {
    encode(text, { begin = true } = {}) {
      const ids = encode(text);
      return begin && adds && beginToken !== undefined ? [beginToken, ...ids] : ids;
    },
    decode(ids) {
      // The library refuses it, though a model may end its text with the first token.
      if (ids.length === 0) return '';
      return tokenizer.decode([...ids], {
        skip_special_tokens: true,
        clean_up_tokenization_spaces: cleanUp === true,
      });
    },
    ...(beginToken !== undefined && { beginToken }),
    ...(endToken !== undefined && { endToken }),
    size: tokenizer.get_vocab().size,
  };
}

function supportedParts(tokenizerJson: Part): Part {
  try {
    return supportedTokenizer(tokenizerJson);
  } catch (cause) {
    if (cause instanceof UnsupportedPart) {
      throw new AlphaLoraError(
        'UNSUPPORTED_CHECKPOINT',
        `tokenizer.json uses ${cause.message}, which is not supported: its tokens would differ from those that the model was trained with`,
        { cause },
      );
    }
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `tokenizer.json is not a valid tokenizer: ${(cause as Error).message}`,
      { cause },
    );
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
