/** The loss on sequences that are not trained on: the mean over all their targets, without dropout. */
import * as tf from '@tensorflow/tfjs';
import { checkSequences } from '../decoder/vocabulary.js';
import { checkFinite } from '../ops/check-finite.js';
import { prepareBackend } from '../ops/prepare-backend.js';
import { readTensor } from '../ops/webgpu.js';
import { type TokenSequence, tokenBatch } from './sequences.js';
import { type Trainable, targetWeight } from './trainable.js';

export interface EvaluateLossOptions {
  model: Trainable;
  sequences: readonly TokenSequence[];
  /** Sequences that pass through the model at once. */
  batchSize: number;
  signal?: AbortSignal;
}

/**
 * Each target counts alike, whichever batch it is in. Sequences of similar length share a batch.
 *
 * @returns the mean in nats, NaN when there is no target, and the sum of the targets' weights
 * @throws AlphaLoraError `INVALID_OPTION` when a token is not in the vocabulary; `ENGINE_FAILED` when the loss of a batch is no finite number, or the device of
 *   the backend reports an error
 */
export async function evaluateLoss({
  model,
  sequences,
  batchSize,
  signal,
}: EvaluateLossOptions): Promise<{ loss: number; targets: number }> {
  if (model.vocabularySize !== undefined) checkSequences(sequences, model.vocabularySize);
  prepareBackend();
  const sorted = sequences.toSorted((a, b) => b.ids.length - a.ids.length);
  let [sum, targets] = [0, 0];
  for (let start = 0; start < sorted.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = tokenBatch(sorted.slice(start, start + batchSize));
    const weight = targetWeight(batch);
    if (weight === 0) continue;
    const loss = tf.tidy(() => model.loss(batch, { seed: 0, training: false }));
    try {
      const values = await readTensor(loss);
      checkFinite(values, 'the loss of a batch');
      sum += weight * values[0]!;
    } finally {
      loss.dispose();
    }
    targets += weight;
  }
  return { loss: sum / targets, targets };
}
