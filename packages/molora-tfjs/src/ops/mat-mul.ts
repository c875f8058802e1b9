/**
 * Matrix product whose gradient is fast on every backend.
 *
 * TensorFlow.js writes the gradient of `matMul` with the transpose flags, and its WebAssembly kernel
 * runs a plain loop when a flag is set: ten to twenty times slower than the product without flags.
 * Here the backward pass transposes explicitly and multiplies without flags.
 */
import * as tf from '@tensorflow/tfjs';
import { transposed } from './transpose.js';

const product = tf.customGrad<tf.Tensor2D>((...args) => {
  const [a, b, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
  save([a, b]);
  return {
    value: tf.matMul(a, b),
    // Without the tidy, the transposes would live until the whole backward pass ends.
    gradFunc: (dy, saved) =>
      tf.tidy(() => {
        const [left, right] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [tf.matMul(dy, transposed(right)), tf.matMul(transposed(left), dy)];
      }),
  };
});

/**
 * a [rows, inner] times b [inner, columns], differentiable in both; both gradients are computed
 * whenever one is asked for.
 */
export function matMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return product(a, b);
}
