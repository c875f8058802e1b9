/**
 * Text to tokens and back, by `tokenizer.json` and `tokenizer_config.json` of a checkpoint.
 *
 * The token that begins a text is added where tokenizer_config.json asks for it, or where
 * tokenizer.json does when the former says nothing; the token that ends one is left to the caller,
 * because a prompt must not have it.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';

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
 *   when they use a component that cannot be computed here
 */
export function createTokenizer(tokenizerJson: unknown, configJson: unknown = {}): Tokenizer {
  if (!isObject(tokenizerJson) || !isObject(tokenizerJson['model']) || !isObject(configJson)) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      'tokenizer.json: no tokenizer of the Hugging Face library; it has an object "model"',
    );
  }
  const tokenizer = build(tokenizerJson, configJson);
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
  return {
    encode(text, { begin = true } = {}) {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      return begin && adds && beginToken !== undefined ? [beginToken, ...ids] : [...ids];
    },
    decode(ids) {
      // The library refuses it, though a model may end its text with the first token.
      if (ids.length === 0) return '';
      return tokenizer.decode([...ids], { skip_special_tokens: true });
    },
    ...(beginToken !== undefined && { beginToken }),
    ...(endToken !== undefined && { endToken }),
    size: tokenizer.get_vocab().size,
  };
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
