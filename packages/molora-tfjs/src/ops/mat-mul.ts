/**
 * Matrix products, also with a transposed operand, that are fast on every backend.
 *
 * TensorFlow.js writes the gradient of `matMul` with the transpose flags. Its WebAssembly kernel runs a
 * plain loop when a flag is set, ten to twenty times slower than the product without: there operands are
 * transposed explicitly, the narrower of two where there is a choice. Elsewhere flags cost nothing.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';
import { transposed } from './transpose.js';

/**
 * a [rows, inner] times b [inner, columns], differentiable in both; both gradients are computed
 * whenever one is asked for.
 */
export function matMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return operation(
    [a, b],
    (a, b) => ({ value: tf.matMul<tf.Tensor2D>(a, b), saved: { a, b } }),
    (dy, { a, b }) => [timesTransposed(dy, b), transposedTimes(a, dy)],
  );
}

/**
 * `a b^T`, not differentiable: for use inside of operations with their own gradients.
 *
 * @param a [rows, inner] @param b [columns, inner]
 */
export function timesTransposed(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return isSlowTransposed()
    ? tf.matMul<tf.Tensor2D>(a, transposed(b))
    : tf.matMul<tf.Tensor2D>(a, b, false, true);
}

/**
 * `a^T b`, not differentiable: for use inside of operations with their own gradients.
 *
 * @param a [inner, rows] @param b [inner, columns]
 */
export function transposedTimes(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  if (!isSlowTransposed()) return tf.matMul<tf.Tensor2D>(a, b, true, false);
  return 2 * b.shape[1] < a.shape[1]
    ? transposed(tf.matMul<tf.Tensor2D>(transposed(b), a))
    : tf.matMul<tf.Tensor2D>(transposed(a), b);
}

/** Whether the backend multiplies by a transposed operand much slower than by a plain one. */
export function isSlowTransposed(): boolean {
  return tf.getBackend() === 'wasm';
}
