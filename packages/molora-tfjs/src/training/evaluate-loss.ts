/** The loss on sequences that are not trained on: the mean over all their targets, without dropout. */
import * as tf from '@tensorflow/tfjs';
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
 */
export async function evaluateLoss({
  model,
  sequences,
  batchSize,
  signal,
}: EvaluateLossOptions): Promise<{ loss: number; targets: number }> {
  const sorted = sequences.toSorted((a, b) => b.ids.length - a.ids.length);
  let [sum, targets] = [0, 0];
  for (let start = 0; start < sorted.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = tokenBatch(sorted.slice(start, start + batchSize));
    const weight = targetWeight(batch);
    if (weight === 0) continue;
    const loss = tf.tidy(() => model.loss(batch, { seed: 0, training: false }));
    sum += weight * (await loss.data())[0]!;
    targets += weight;
    loss.dispose();
  }
  return { loss: sum / targets, targets };
}
