/** The gradient of what is added to every row, or multiplies it. */
import * as tf from '@tensorflow/tfjs';

/**
 * A product with a row of ones: along its first axis WebAssembly sums a transposed copy.
 *
 * @param x [rows, columns]
 * @returns [columns]; not differentiable: for use inside of operations with their own gradients
 */
export function sumOfRows(x: tf.Tensor2D): tf.Tensor1D {
  return tf.tidy(() => tf.matMul(tf.ones([1, x.shape[0]]), x).reshape([-1]));
}
