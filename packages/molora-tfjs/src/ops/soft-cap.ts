/**
 * Numbers held within a cap by a smooth function, cap * tanh(x / cap) (Gemma 2, arXiv:2408.00118), through
 * the logistic function as in `gated-unit.ts`: tanh(z) = 2 sigmoid(2 z) - 1.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';

/** @returns like x; differentiable in x */
export function softCap<T extends tf.Tensor>(x: T, cap: number): T {
  return operation(
    [x],
    (x) => {
      const value = capped(x, cap);
      return { value, saved: { value } };
    },
    (dy, { value }) => [dy.mul(capSlope(value, cap))],
  );
}

/** Not differentiable: for use inside of operations with their own gradients. */
export function capped<T extends tf.Tensor>(x: T, cap: number): T {
  return x
    .mul(2 / cap)
    .sigmoid()
    .mul(2 * cap)
    .sub<T>(cap);
}

/** The derivative by the capped value: 1 - (value / cap)^2. */
export function capSlope<T extends tf.Tensor>(value: T, cap: number): T {
  return tf.sub<T>(1, value.div(cap).square());
}
