/**
 * From text to tokens: cut at added tokens, normalized, cut at added tokens that are normalized, cut
 * into pieces, and each piece encoded by the model. The steps between are those of
 * @huggingface/tokenizers; its own loop around them differs from the Rust library's in added tokens
 * and where a piece ends with unknown characters.
 */
import type { Tokenizer } from '@huggingface/tokenizers';
import { type AddedToken, addedTokenSplitter } from './added-tokens.js';
import { byteToken } from './characters.js';
import type { Part } from './part.js';
import { vocabularyOf } from './parts.js';

/** @param model what tokenizer.json has of it */
export function textEncoder(
  tokenizer: Tokenizer,
  model: Part,
  addedTokens: readonly AddedToken[],
): (text: string) => number[] {
  const { normalizer, pre_tokenizer: preTokenizer } = tokenizer;
  const normalized = (text: string): string => normalizer?.normalize(text) ?? text;
  const isNormalized = ({ normalized, special }: AddedToken): boolean => normalized ?? !special;
  const cutText = addedTokenSplitter(addedTokens.filter((token) => !isNormalized(token)));
  const cutNormalized = addedTokenSplitter(
    addedTokens
      .filter(isNormalized)
      .map((token) => ({ ...token, content: normalized(token.content) })),
  );
  const encodePiece = pieceEncoder(tokenizer, model);
  // The library puts them into the model's own vocabulary, where a piece could be taken for one.
  for (const { content } of addedTokens) tokenizer.model!.tokens_to_ids.delete(content);
  for (const [token, id] of vocabularyOf(model)) tokenizer.model!.tokens_to_ids.set(token, id);
  return (text) =>
    cutText(text).flatMap((section) => {
      if (section.id !== undefined) return [section.id];
      return cutNormalized(normalized(section.text)).flatMap((part) => {
        if (part.id !== undefined) return [part.id];
        // Some begin the text with a mark, and only the text.
        const section_index = section.start + part.start === 0 ? 0 : 1;
        const pieces = preTokenizer?.pre_tokenize(part.text, { section_index }) ?? [part.text];
        return pieces.filter((piece: string) => piece !== '').flatMap(encodePiece);
      });
    });
}

/** Tokens of one piece; characters without one are bytes, where there are tokens for them, or unknown. */
function pieceEncoder(tokenizer: Tokenizer, model: Part): (piece: string) => number[] {
  const { type, byte_fallback: hasBytes, unk_id: unknownId, unk_token: unknown } = model;
  const ids = vocabularyOf(model);
  const unknownToken = (unknownId ?? ids.get(String(unknown))) as number | undefined;
  const utf8 = new TextEncoder();
  return (piece) =>
    (tokenizer.model!._call([piece]) as string[]).flatMap((token) => {
      const id = ids.get(token);
      if (id !== undefined) return [id];
      if (hasBytes && type === 'Unigram') {
        const bytes = [...utf8.encode(token)].map((byte) => ids.get(byteToken(byte)));
        if (bytes.every((byte) => byte !== undefined)) return bytes;
      }
      return unknownToken === undefined ? [] : [unknownToken];
    });
}
