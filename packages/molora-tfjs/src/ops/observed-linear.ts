/**
 * A frozen linear map that shows what passes through it: its input, or, on the way back, its input with
 * the gradient of its output. From these two follows the gradient of the weight, `x^T dy`, which an
 * observer can reduce to a few numbers at once, so that it is never kept.
 */
import * as tf from '@tensorflow/tfjs';
import type { FrozenLinear } from './frozen-linear.js';

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

export interface ObservedLinear extends FrozenLinear {
  readonly observer: LinearObserver;
}

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]; differentiable in x
 */
export function observedLinear(
  x: tf.Tensor2D,
  { kernel, transposed, bias, observer }: ObservedLinear,
): tf.Tensor2D {
  const map = tf.customGrad<tf.Tensor2D>((input, save) => {
    (save as tf.GradSaveFunc)([input as tf.Tensor2D]);
    observer.onInput?.(input as tf.Tensor2D);
    const product = tf.matMul<tf.Tensor2D>(input as tf.Tensor2D, kernel);
    return {
      value: bias === undefined ? product : tf.add<tf.Tensor2D>(product, bias),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        observer.onGradient?.(saved[0] as tf.Tensor2D, dy as tf.Tensor2D);
        return tf.matMul(dy as tf.Tensor2D, transposed);
      },
    };
  });
  return map(x);
}
