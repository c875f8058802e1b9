/**
 * How likely a model finds texts after a prompt: the sum of the log-probabilities of their tokens,
 * all in one batch. A prompt that is too long for the model loses its beginning.
 */
import * as tf from '@tensorflow/tfjs';
import { checkFinite } from '../ops/check-finite.js';
import { headLoss } from '../ops/head-loss.js';
import { readTensor } from '../ops/webgpu.js';
import { encodeExamples, tokenBatch } from '../training/sequences.js';
import type { Decoder } from './decoder.js';
import { type AdapterOptions, hiddenStates } from './forward.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';
import { checkTokens } from './vocabulary.js';

/**
 * @returns of each completion in nats, 0 for one without a token of its own
 * @throws AlphaLoraError `INVALID_OPTION` when a token is not in the vocabulary or the adapter does
 *   not fit the model; `ENGINE_FAILED` when a likelihood is not finite
 */
export async function logLikelihoods(
  decoder: Decoder,
  tokenizer: Pick<Tokenizer, 'encode'>,
  prompt: string,
  completions: readonly string[],
  options: Pick<AdapterOptions, 'adapter' | 'router' | 'task'> = {},
): Promise<number[]> {
  const { maxPositions: longest } = decoder.config;
  const settings = { encode: (text: string) => tokenizer.encode(text), maxLength: 2 ** 31 };
  const encoded = completions.map(
    (completion) => encodeExamples([{ prompt, completion }], settings).sequences[0],
  );
  const sequences = encoded.filter((sequence) => sequence !== undefined);
  if (sequences.length === 0) return completions.map(() => 0);
  const batch = tokenBatch(
    sequences.map(({ ids, weights }) => ({
      ids: ids.subarray(Math.max(0, ids.length - longest)),
      weights: weights.subarray(Math.max(0, weights.length - longest)),
    })),
  );
  checkTokens(batch.ids, decoder.config.vocabularySize);
  const sums = tf.tidy(() => {
    const ids = tf.tensor2d(batch.ids, [batch.rows, batch.length], 'int32');
    const { hidden } = hiddenStates(decoder, ids, options);
    const { rows, length } = batch;
    const sums = Array.from({ length: rows }, (_, row) => {
      // Position t predicts token t + 1; the last of a row predicts nothing.
      const [first, end] = [row * length + 1, (row + 1) * length];
      const targets = {
        ids: batch.ids.slice(first, end),
        weights: batch.weights.slice(first, end),
      };
      const count = targets.weights.reduce((sum, weight) => sum + weight, 0);
      const part = hidden.slice([first - 1, 0], [length - 1, hidden.shape[1]]);
      return headLoss(part, decoder.output, targets).mul<tf.Scalar>(-count);
    });
    return tf.stack(sums);
  });
  const values = await readTensor(sums).finally(() => sums.dispose());
  checkFinite(values, 'the likelihood of a completion');
  let at = 0;
  return encoded.map((sequence) => (sequence ? values[at++]! : 0));
}
