/**
 * Output layer and cross-entropy as one operation: the logits of a large vocabulary are the largest
 * tensor of a training step, so they are computed some rows at a time, in the forward pass and again
 * in the backward pass, and never kept.
 *
 * The log of the normaliser is max(z) - log(max(softmax(z))): exact for any logits, since the largest
 * probability is at least 1 / vocabulary, and without an exponential outside of the softmax kernel.
 */
import * as tf from '@tensorflow/tfjs';
import {
  bothLayouts,
  type FrozenMatrix,
  frozenGradient,
  frozenOutput,
  frozenShape,
} from './frozen-linear.js';
import { type Linear, learns } from './linear.js';
import { transposedTimes } from './mat-mul.js';
import { operation } from './operation.js';
import { capped, capSlope } from './soft-cap.js';

/** Logits computed at a time: 32 MB, of which seven lie in memory at once. */
export const LOGITS_AT_A_TIME: number = 2 ** 23;

export interface Targets {
  /** Token that each position is to predict. */
  readonly ids: Int32Array;
  /** Weight of each position in the mean. */
  readonly weights: Float32Array;
}

/**
 * Weighted mean of the cross-entropy in nats; 0 when all weights are 0.
 *
 * @param hidden [tokens, hidden size]; differentiable in it
 * @param output without bias; differentiable in its weight where it learns
 * @param cap of the logits, see `soft-cap.ts`. @default none
 */
export function headLoss(
  hidden: tf.Tensor2D,
  output: Linear,
  { ids, weights }: Targets,
  cap?: number,
): tf.Scalar {
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const [tokens, size] = hidden.shape;
  const learning = learns(output);
  const matrix: FrozenMatrix = learning ? { transposed: output.weight } : output;
  const [, vocabulary] = frozenShape(matrix);
  const rows = Math.max(1, Math.floor(LOGITS_AT_A_TIME / vocabulary));
  const starts = Array.from({ length: Math.ceil(tokens / rows) }, (_, i) => i * rows);
  /** Calls `f` on the rows of each chunk. */
  const chunks = <T extends tf.TensorContainer>(
    x: tf.Tensor2D,
    matrix: FrozenMatrix,
    f: (logits: tf.Tensor2D, target: tf.Tensor2D, weight: tf.Tensor2D, part: tf.Tensor2D) => T,
  ): T[] =>
    starts.map((start) =>
      tf.tidy(() => {
        const end = Math.min(tokens, start + rows);
        const part = starts.length === 1 ? x : x.slice([start, 0], [end - start, size]);
        const logits = frozenOutput(part, matrix);
        return f(
          cap === undefined ? logits : capped(logits, cap),
          // Asked for floats, WebAssembly's oneHot fills them with the bits of integers.
          (tf.oneHot(ids.subarray(start, end), vocabulary) as tf.Tensor2D).toFloat(),
          tf.tensor2d(weights.subarray(start, end), [end - start, 1]),
          part,
        );
      }),
    );
  // The weight is an input for its gradient only.
  const inputs = (learning ? [hidden, output.weight] : [hidden]) as [tf.Tensor2D];
  return operation(
    inputs,
    (hidden) => {
      const sums = chunks(hidden, matrix, (logits, target, weight) => {
        const normaliser = logits.max(-1, true).sub(tf.softmax(logits).max(-1, true).log());
        return normaliser.sub(logits.mul(target).sum(-1, true)).mul(weight).sum<tf.Scalar>();
      });
      return { value: tf.addN(sums).div<tf.Scalar>(total), saved: { hidden } };
    },
    (dy, { hidden }) => {
      const both = bothLayouts(matrix);
      const parts = chunks(hidden, both, (logits, target, counts, part) => {
        const dCapped = tf.softmax(logits).sub(target).mul(counts).mul<tf.Tensor2D>(dy.div(total));
        const dLogits =
          cap === undefined ? dCapped : dCapped.mul<tf.Tensor2D>(capSlope(logits, cap));
        return {
          states: frozenGradient(dLogits, both),
          ...(learning && { weight: transposedTimes(dLogits, part) }),
        };
      });
      const states = parts.map(({ states }) => states);
      return [
        states.length === 1 ? states[0]! : tf.concat(states, 0),
        ...(learning ? [tf.addN(parts.map(({ weight }) => weight!))] : []),
      ];
    },
  );
}
