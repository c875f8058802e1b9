/**
 * Matrix product whose gradient is fast on every backend.
 *
 * TensorFlow.js writes the gradient of `matMul` with the transpose flags, and its WebAssembly kernel
 * runs a plain loop when a flag is set: ten to twenty times slower than the product without flags.
 * Here the backward pass transposes explicitly and multiplies without flags.
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
    (dy, { a, b }) => [tf.matMul(dy, transposed(b)), tf.matMul(transposed(a), dy)],
  );
}
