/**
 * Root mean square normalisation (Zhang and Sennrich, arXiv:1910.07467): y = x / rms(x) * gain.
 *
 * One operation on the tape with its gradient in closed form: with r = 1 / rms(x) and h = dy * gain,
 * dx = r (h - x r^2 mean(h x)), and the sum of dy x r over the tokens for a gain that learns.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';
import { sumOfRows } from './sum-of-rows.js';

/**
 * @param x [tokens, size]
 * @param gain [size], with the offset of Gemma already added
 * @returns [tokens, size]; differentiable in x, and in the gain where it is a variable
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const learns = gain instanceof tf.Variable;
  // The gain is an input for its gradient only.
  const inputs = (learns ? [x, gain] : [x]) as [tf.Tensor2D];
  return operation(
    inputs,
    (x) => {
      const r = x.square().mean(-1, true).add(epsilon).rsqrt();
      return { value: x.mul<tf.Tensor2D>(r).mul<tf.Tensor2D>(gain), saved: { x, r } };
    },
    (dy, { x, r }) => {
      const h = dy.mul(gain);
      const along = h.mul(x).mean(-1, true).mul(r.square());
      const dx = h.sub(x.mul(along)).mul(r);
      return learns ? [dx, sumOfRows(dy.mul(x.mul(r)))] : [dx];
    },
  );
}
