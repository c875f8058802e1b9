/** Selection of experts as constants: no gradient flows through the choice, only through the weights. */
import * as tf from '@tensorflow/tfjs';

/**
 * `choose(logits)` off the tape: topk, comparisons and their kin have no gradient and would throw.
 *
 * @returns what `choose` returns, of the shape of its argument, with gradient zero
 */
export function withoutGradient(
  logits: tf.Tensor2D,
  choose: (logits: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const constant = tf.customGrad<tf.Tensor2D>((values) => ({
    value: choose(values as tf.Tensor2D),
    gradFunc: (dy) => tf.zerosLike(dy),
  }));
  return constant(logits);
}

/**
 * 1 at the `k` largest of each row and 0 elsewhere, as float32 like the values; of equal values the
 * first ones count.
 */
export function topKMask(values: tf.Tensor2D, k: number): tf.Tensor2D {
  const columns = values.shape[1];
  if (k >= columns) return tf.onesLike(values);
  return withoutGradient(values, (rows) => {
    const { indices } = tf.topk(rows, k);
    // Cast, since integers do not mix with floats everywhere: tfjs-node refuses to concatenate them.
    // Asked for floats, WebAssembly's oneHot fills them with the bits of integers.
    const chosen = tf.oneHot(indices as tf.Tensor<tf.Rank.R2>, columns).toFloat();
    return tf.sum(chosen, 1);
  });
}

/** Softmax over the columns where `mask` is 1; exactly 0 where it is 0. */
export function maskedSoftmax(logits: tf.Tensor2D, mask: tf.Tensor2D): tf.Tensor2D {
  // exp(-1e30) is 0 in float32, and unlike -infinity the penalty times 0 is 0.
  return tf.softmax(tf.add<tf.Tensor2D>(logits, tf.mul(tf.sub(1, mask), -1e30)));
}
