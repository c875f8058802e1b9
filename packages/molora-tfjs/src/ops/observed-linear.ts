/**
 * A frozen linear map that shows what passes through it: its input, or, on the way back, its input with
 * the gradient of its output. From these two follows the gradient of the weight, `x^T dy`, which an
 * observer can reduce to a few numbers at once, so that it is never kept.
 */
import type * as tf from '@tensorflow/tfjs';
import { type FrozenLinear, frozenGradient, frozenOutput } from './frozen-linear.js';
import { operation } from './operation.js';

export interface LinearObserver {
  /** Called in every forward pass. @param input [tokens, inputs] */
  onInput?(input: tf.Tensor2D): void;
  /**
   * Called in every backward pass.
   *
   * @param input [tokens, inputs]
   * @param gradient of the output, [tokens, outputs]
   */
  onGradient?(input: tf.Tensor2D, gradient: tf.Tensor2D): void;
}

export type ObservedLinear = FrozenLinear & {
  readonly observer: LinearObserver;
};

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]; differentiable in x
 */
export function observedLinear(
  x: tf.Tensor2D,
  { observer, ...weight }: ObservedLinear,
): tf.Tensor2D {
  return operation(
    [x],
    (x) => {
      observer.onInput?.(x);
      return { value: frozenOutput(x, weight), saved: { x } };
    },
    (dy, { x }) => {
      observer.onGradient?.(x, dy);
      return [frozenGradient(dy, weight)];
    },
  );
}
