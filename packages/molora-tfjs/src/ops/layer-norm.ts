/**
 * Layer normalisation (Ba et al., arXiv:1607.06450): y = (x - mean(x)) / std(x) * gain + bias.
 *
 * One operation on the tape with its gradient in closed form: with n the normalised x, r = 1 / std(x) and
 * h = dy * gain, dx = r (h - mean(h) - n mean(h n)).
 */
import type * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';

/**
 * @param x [tokens, size]
 * @param gain [size], frozen like the bias
 * @param bias [size]
 * @param epsilon added to the variance
 * @returns [tokens, size]; differentiable in x
 */
export function layerNorm(
  x: tf.Tensor2D,
  gain: tf.Tensor1D,
  bias: tf.Tensor1D,
  epsilon: number,
): tf.Tensor2D {
  return operation(
    [x],
    (x) => {
      const centered = x.sub<tf.Tensor2D>(x.mean(-1, true));
      const r = centered.square().mean(-1, true).add(epsilon).rsqrt();
      const normed = centered.mul<tf.Tensor2D>(r);
      return { value: normed.mul<tf.Tensor2D>(gain).add<tf.Tensor2D>(bias), saved: { normed, r } };
    },
    (dy, { normed, r }) => {
      const h = dy.mul(gain);
      const along = normed.mul(h.mul(normed).mean(-1, true));
      return [h.sub(h.mean(-1, true)).sub(along).mul(r)];
    },
  );
}
