/**
 * Tsallis entropy of each token's distribution over experts, as a share of its maximum (Tsallis
 * 1988; of routers: DynMoLE, arXiv 2504.00661): `(1 - sum p^q) / (q - 1)`, divided by its value for
 * the uniform distribution, so that one threshold serves projections with any number of experts. In
 * the limit q = 1 it is Shannon's entropy divided by the logarithm of the number of experts.
 */
import * as tf from '@tensorflow/tfjs';

/** Keeps the logarithm and the gradient finite where a probability has underflowed to zero. */
const TINY = 1e-20;

/**
 * @param probabilities [tokens, experts], two experts or more
 * @param q positive
 * @returns [tokens], each in 0..1
 */
export function tsallisEntropy(probabilities: tf.Tensor2D, q: number): tf.Tensor1D {
  const experts = probabilities.shape[1];
  const positive = tf.maximum<tf.Tensor2D>(probabilities, TINY);
  if (q === 1) {
    const sums = tf.sum<tf.Tensor1D>(tf.mul(positive, tf.log(positive)), 1);
    return tf.div(sums, -Math.log(experts));
  }
  const sums = tf.sum<tf.Tensor1D>(tf.pow(positive, q), 1);
  return tf.div(tf.sub(1, sums), 1 - experts ** (1 - q));
}
