/** A decoder with its tokenizer: what reads and writes text. */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { Example } from '@alphalora/contracts/extensions';
import { encodeExamples, type TokenSequence } from '../training/sequences.js';
import { chatExample } from './chat-examples.js';
import type { Decoder } from './decoder.js';
import type { ChatTemplate } from './tokenizer/chat-template.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';
import { checkSequences } from './vocabulary.js';

export interface LanguageModel {
  readonly decoder: Decoder;
  readonly tokenizer: Tokenizer;
  /** Absent when the tokenizer comes without one. */
  readonly chat?: ChatTemplate;
}

export interface SequencesOptions {
  /** Tokens after which an example is cut. @default 256, and never more than the model's positions */
  readonly cutoff?: number;
  /** Whether the tokens of the prompts are targets too. @default false */
  readonly lossOnPrompt?: boolean;
}

/**
 * Examples as tokens for a model, ended as it expects texts to end.
 *
 * @returns with a note for people where some were cut or have nothing to learn
 * @throws AlphaLoraError `INVALID_OPTION` when nothing is left, a token is not in the vocabulary, or a
 *   chat meets a model without a template
 */
export function sequencesOf(
  { config, tokenizer, chat }: Pick<LanguageModel, 'tokenizer' | 'chat'> & Pick<Decoder, 'config'>,
  examples: readonly Example[],
  { cutoff = 256, lossOnPrompt = false }: SequencesOptions = {},
): { sequences: TokenSequence[]; note?: string } {
  const maxLength = Math.min(cutoff, config.maxPositions);
  const endOfSequence = tokenizer.endToken ?? config.endTokens[0];
  const texts = examples.map((example) =>
    example.messages
      ? { ...chatExample(chat, { ...example, messages: example.messages }), begun: true }
      : example,
  );
  const { sequences, cut, dropped } = encodeExamples(texts, {
    encode: tokenizer.encode,
    maxLength,
    lossOnPrompt,
    ...defined({ endOfSequence }),
  });
  if (sequences.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `all ${examples.length} examples are longer than ${maxLength} tokens before their completion begins: raise the cutoff, or take a model with more positions`,
    );
  }
  checkSequences(sequences, config.vocabularySize);
  if (cut === 0) return { sequences };
  const lost = dropped > 0 ? `; ${dropped} of them have no completion left and were dropped` : '';
  const note = `${cut} of ${examples.length} examples are longer than ${maxLength} tokens and were cut${lost}`;
  return { sequences, note };
}
