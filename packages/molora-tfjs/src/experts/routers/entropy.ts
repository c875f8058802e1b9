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
import { linearRouter } from './linear.js';
import { withoutGradient } from './mask.js';
import { numberOption, refuseOptions } from './options.js';
import type { Router, RouterFactory } from './router.js';
import { tsallisEntropy } from './tsallis.js';

/** Options: `threshold` (0.9), `q` (1.1) and `topP` (0.75). */
export const entropy: RouterFactory = (options): Router => {
  const router = 'entropy';
  refuseOptions(router, options, ['threshold', 'q', 'topP']);
  const threshold = numberOption(options, { router, name: 'threshold', fallback: 0.9, min: 0 });
  const q = numberOption(options, { router, name: 'q', fallback: 1.1, min: 0.01 });
  const topP = numberOption(options, { router, name: 'topP', fallback: 0.75, min: 0, max: 1 });
  return linearRouter({
    name: router,
    route(logits, { topK }) {
      const probabilities = tf.softmax(logits);
      const mask = withoutGradient(probabilities, (p) => {
        const undecided = tf.greater(tsallisEntropy(p, q), threshold).expandDims(1);
        return tf.cast(tf.logicalOr(undecided, mostProbable(p, topP, topK)), 'float32');
      });
      return tf.mul(probabilities, mask);
    },
  });
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
