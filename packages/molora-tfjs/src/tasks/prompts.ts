/**
 * Prompts of an evaluation within the positions of a model. The end of a prompt says what is asked, so
 * that one that is too long loses its beginning, but for the tokens that begin a text.
 */
import type { Example } from '@alphalora/contracts/extensions';
import type { LanguageModel } from '../decoder/language-model.js';
import { checkTokens } from '../decoder/vocabulary.js';

export interface FittedPrompts {
  idsOf(prompt: string): number[];
  /** How many lose their beginning. */
  cut: number;
  /** For people, where that is so. */
  note?: string;
}

/**
 * @param maxTokens of an answer that is generated; they get half of the positions at most
 * @throws AlphaLoraError `INVALID_OPTION` when a token is not in the vocabulary
 */
export function fitPrompts(
  { tokenizer, decoder }: LanguageModel,
  examples: readonly Example[],
  scoring: 'generation' | 'likelihood',
  maxTokens: number,
): FittedPrompts {
  const { maxPositions, vocabularySize } = decoder.config;
  const generated = scoring === 'generation';
  const room = generated ? Math.min(maxTokens, Math.floor(maxPositions / 2)) : 0;
  const longest = maxPositions - room;
  const cut = examples.filter(({ prompt, options = [] }, i) => {
    const texts = generated ? [prompt] : options.map(({ completion }) => prompt + completion);
    const ids = texts.map((text) => tokenizer.encode(text));
    for (const each of ids) checkTokens(each, vocabularySize, ` of example ${i + 1}`);
    return ids.some(({ length }) => length > longest);
  }).length;
  const kept = generated
    ? `${longest} tokens, which leave ${room} of the model's ${maxPositions} positions for an answer`
    : `the model's ${maxPositions} positions with an option`;
  return {
    idsOf(prompt) {
      const ids = tokenizer.encode(prompt);
      if (ids.length <= longest) return ids;
      // At least one token of the prompt is kept: the last, which is asked to be continued.
      const begin = tokenizer.beginTokens.slice(0, longest - 1);
      return [...begin, ...ids.slice(begin.length - longest)];
    },
    cut,
    ...(cut > 0 && {
      note: `${cut} of ${examples.length} prompts are longer than ${kept}; their beginnings were cut`,
    }),
  };
}
