/**
 * Models small enough to train in a test: each predicts the next token from the current one alone.
 */

import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import type { TokenSequence } from '../training/sequences.js';
import type { TokenBatch, Trainable } from '../training/trainable.js';

export interface TinyModel extends Trainable {
  dispose(): void;
}

/** Row `id` of `table` [vocabulary, vocabulary] holds the logits after token `id`; starts at zero. */
export function bigramModel(vocabulary: number): TinyModel {
  const table = tf.tidy(() => tf.variable(tf.zeros([vocabulary, vocabulary]), true, 'table'));
  return {
    variables: [table],
    loss: (batch) => nextTokenLoss(tf.matMul(currentTokens(batch, vocabulary), table), batch),
    dispose: () => table.dispose(),
  };
}

/** With a hidden layer, dropout and three variables, one of which the loss does not depend on. */
export function dropoutModel(vocabulary: number, dropout = 0.2): TinyModel {
  const random = seededRandom(3, 'dropout model');
  const matrix = (name: string, rows: number, columns: number): tf.Variable => {
    const values = Float32Array.from({ length: rows * columns }, () => random() - 0.5);
    return tf.tidy(() => tf.variable(tf.tensor2d(values, [rows, columns]), true, name));
  };
  const inner = matrix('block.0.lora_A', vocabulary, 6);
  const outer = matrix('block.0.lora_B', 6, vocabulary);
  const idle = matrix('idle', 1, 1);
  return {
    variables: [inner, outer, idle],
    loss(batch, { seed, training }) {
      const hidden = tf.tanh(tf.matMul(currentTokens(batch, vocabulary), inner));
      const kept = training && dropout > 0 ? tf.dropout(hidden, dropout, undefined, seed) : hidden;
      return nextTokenLoss(tf.matMul(kept as tf.Tensor2D, outer), batch);
    },
    dispose: () => tf.dispose([inner, outer, idle]),
  };
}

/** Random texts of 2 to 12 tokens; the first third of each is a prompt without weight. */
export function randomSequences(count: number, vocabulary: number, seed = 1): TokenSequence[] {
  const random = seededRandom(seed, 'sequences');
  return Array.from({ length: count }, () => {
    const length = 2 + Math.floor(11 * random());
    const ids = Int32Array.from({ length }, () => Math.floor(vocabulary * random()));
    return { ids, weights: new Float32Array(length).fill(1, Math.max(1, Math.floor(length / 3))) };
  });
}

/** One-hot [rows * (length - 1), vocabulary] of all tokens but the last of each row. */
function currentTokens({ ids, rows, length }: TokenBatch, vocabulary: number): tf.Tensor2D {
  const current = tf.tensor2d(ids, [rows, length], 'int32').slice([0, 0], [rows, length - 1]);
  return tf.oneHot(current.reshape([-1]), vocabulary).toFloat() as tf.Tensor2D;
}

function nextTokenLoss(logits: tf.Tensor2D, { ids, weights, rows, length }: TokenBatch): tf.Scalar {
  const size: [number, number] = [rows, length - 1];
  const next = tf.tensor2d(ids, [rows, length], 'int32').slice([0, 1], size).reshape([-1]);
  const weight = tf.tensor2d(weights, [rows, length]).slice([0, 1], size).reshape([-1]);
  const picked = tf.logSoftmax(logits).mul(tf.oneHot(next, logits.shape[1])).sum(1);
  return picked.mul(weight).sum().neg().div(weight.sum()).asScalar();
}
