import { expect, it } from 'vitest';
import type { LanguageModel } from '../decoder/language-model.js';
import { fitPrompts } from './prompts.js';

/** Two tokens before a text, and one for each of its digits. */
const tokenizer = {
  beginTokens: [90, 91],
  encode: (text: string) => [90, 91, ...[...text].map(Number)],
};

it.each([
  [8, '123456', [90, 91, 1, 2, 3, 4, 5, 6]],
  [8, '1234567', [90, 91, 2, 3, 4, 5, 6, 7]],
  [3, '123', [90, 91, 3]],
  [2, '123', [90, 3]],
  [1, '123', [3]],
])('keeps the tokens before a text where %i positions are left for %s', (room, prompt, kept) => {
  const model = { tokenizer, decoder: { config: { maxPositions: room, vocabularySize: 100 } } };
  const examples = [{ prompt, completion: '' }];
  const prompts = fitPrompts(model as unknown as LanguageModel, examples, 'generation', 0);
  expect(prompts.idsOf(prompt)).toEqual(kept);
});
