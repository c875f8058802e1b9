/** Tokens that a model has embeddings for. Backends read beyond the end of them without a word. */
import { AlphaLoraError } from '@alphalora/contracts';

/**
 * @param where they are, for the message
 * @throws AlphaLoraError `INVALID_OPTION` naming the first token that is not in the vocabulary
 */
export function checkTokens(ids: ArrayLike<number>, vocabularySize: number, where = ''): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (Number.isInteger(id) && id >= 0 && id < vocabularySize) continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `token ${id} at position ${i}${where} is not in the model's vocabulary of ${vocabularySize}: the tokenizer is another model's, or has added tokens that this model has no embeddings for`,
      { details: { token: id, position: i } },
    );
  }
}

/**
 * Before anything is computed, rather than when the batch with the token comes.
 *
 * @throws AlphaLoraError `INVALID_OPTION` as above, naming the sequence
 */
export function checkSequences(
  sequences: ReadonlyArray<{ readonly ids: ArrayLike<number> }>,
  vocabularySize: number,
): void {
  for (const [i, { ids }] of sequences.entries())
    checkTokens(ids, vocabularySize, ` of sequence ${i}`);
}
