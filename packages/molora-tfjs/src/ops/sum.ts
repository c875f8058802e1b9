/** Sum of two tensors that keeps neither: the library's own keeps both until the gradient is found. */
import type * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';

/** @param b of the shape of a; differentiable in both */
export function sum(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return operation(
    [a, b],
    (a, b) => ({ value: a.add<tf.Tensor2D>(b), saved: {} }),
    // Each gradient is a tensor of its own, since the engine frees them one by one.
    (dy) => [dy.reshape(dy.shape), dy.reshape(dy.shape)],
  );
}
