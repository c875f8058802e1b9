/**
 * The hybrid router of DynMoLE (arXiv 2504.00661): where the router is undecided, every expert; else
 * the most probable ones up to a cumulative probability. Undecided means that the Tsallis entropy,
 * as a share of its maximum, exceeds a threshold.
 *
 * As in the released code, gates are the probabilities themselves, not divided by the sum of the
 * selected, and an expert is kept while the cumulative probability that includes it is at most
 * `topP`; the projection's topK are kept in any case.
 */
import * as tf from '@tensorflow/tfjs';
import * as v from 'valibot';
import { linearRouter } from './linear.js';
import { withoutGradient } from './mask.js';
import { numberWithin } from './options.js';
import type { RouterFactory } from './router.js';
import { tsallisEntropy } from './tsallis.js';

interface EntropyOptions {
  /** Share of the largest entropy above which a router is undecided. */
  threshold: number;
  /** Entropic index of Tsallis. */
  q: number;
  /** Largest cumulative probability of the experts that are kept where it is decided. */
  topP: number;
}

export const entropy: RouterFactory<EntropyOptions> = {
  name: 'entropy',
  options: v.strictObject({
    threshold: v.optional(numberWithin({ min: 0 }), 0.9),
    q: v.optional(numberWithin({ min: 0.01 }), 1.1),
    topP: v.optional(numberWithin({ min: 0, max: 1 }), 0.75),
  }),
  create: ({ threshold, q, topP }) =>
    linearRouter({
      name: 'entropy',
      route(logits, { topK }) {
        const probabilities = tf.softmax(logits);
        const mask = withoutGradient(probabilities, (p) => {
          const undecided = tf.greater(tsallisEntropy(p, q), threshold).expandDims(1);
          return tf.cast(tf.logicalOr(undecided, mostProbable(p, topP, topK)), 'float32');
        });
        return tf.mul(probabilities, mask);
      },
    }),
};

/** Sorting by counting: each expert is compared with every other, which needs no gather to undo. */
function mostProbable(probabilities: tf.Tensor2D, topP: number, topK: number): tf.Tensor2D {
  const [tokens, experts] = probabilities.shape;
  const own = tf.reshape(probabilities, [tokens, experts, 1]);
  const other = tf.reshape(probabilities, [tokens, 1, experts]);
  // Of equal probabilities, the expert with the lower index is ahead.
  const lowerIndex = tf.tensor2d(
    Float32Array.from({ length: experts * experts }, (_, i) =>
      i % experts < Math.floor(i / experts) ? 1 : 0,
    ),
    [experts, experts],
  );
  const equal = tf.cast(tf.equal(other, own), 'float32');
  const ahead = tf.add(tf.cast(tf.greater(other, own), 'float32'), tf.mul(equal, lowerIndex));
  const position = tf.sum<tf.Tensor2D>(ahead, 2);
  const cumulative = tf.add(tf.sum<tf.Tensor2D>(tf.mul(ahead, other), 2), probabilities);
  return tf.logicalOr(tf.lessEqual(cumulative, topP), tf.less(position, topK));
}
