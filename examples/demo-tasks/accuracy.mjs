/** How many answers are right to the last character, by greedy generation. */
import { molora } from './runtime.mjs';

/** Longest answer of any task, with its space and the token that ends it. */
const LONGEST = 32;

/**
 * @param {Record<string, { prompt: string, completion: string }[]>} sets by task
 * @param {object} [options] of `generate`, such as an adapter
 * @returns {Promise<Record<string, number>>} the share of right answers by task
 */
export async function exactMatches(decoder, tokenizer, sets, options = {}) {
  const rates = {};
  for (const [name, examples] of Object.entries(sets)) {
    let right = 0;
    for (let start = 0; start < examples.length; start += 50) {
      const part = examples.slice(start, start + 50);
      const answers = await molora.generate(
        decoder,
        part.map(({ prompt }) => tokenizer.encode(prompt)),
        { ...options, maxTokens: LONGEST },
      );
      for (const [i, { completion }] of part.entries())
        if (tokenizer.decode(answers[i]) === completion) right++;
    }
    rates[name] = right / examples.length;
  }
  return rates;
}
