/**
 * The products of experts, each as one operation that keeps for its gradient only what is in
 * memory anyway: the states that a projection takes in, and numbers as many as there are ranks. The
 * library's own gradients would keep the inputs after dropout and both terms of every sum, which for a
 * deep model is most of the memory of a step.
 */
import * as tf from '@tensorflow/tfjs';
import { type FrozenMatrix, frozenGradient, frozenOutput } from '../ops/frozen-linear.js';
import { isFrozen, type Linear, linear } from '../ops/linear.js';
import { matMul, timesTransposed, transposedTimes } from '../ops/mat-mul.js';
import { operation } from '../ops/operation.js';
import { type DropoutOptions, dropoutMask } from './dropout.js';

/**
 * `dropout(x) A`. The mask is drawn again for the gradient.
 *
 * @param x [tokens, inputs]
 * @param a the packed A, [inputs, ranks]
 * @returns [tokens, ranks]; differentiable in both
 */
export function expertHidden(x: tf.Tensor2D, a: tf.Tensor2D, options: DropoutOptions): tf.Tensor2D {
  return operation(
    [x, a],
    (x, a) => ({ value: tf.matMul(dropped(x, options), a), saved: { x, a } }),
    (dy, { x, a }) => {
      const mask = dropoutMask(x.shape, options);
      const dx = timesTransposed(dy, a);
      return [mask ? dx.mul(mask) : dx, transposedTimes(mask ? x.mul<tf.Tensor2D>(mask) : x, dy)];
    },
  );
}

function dropped(x: tf.Tensor2D, options: DropoutOptions): tf.Tensor2D {
  const mask = dropoutMask(x.shape, options);
  return mask ? x.mul<tf.Tensor2D>(mask) : x;
}

/**
 * `hidden * (gates spread)`: what A gives, times the gate and the scaling of each rank's expert.
 *
 * @param hidden [tokens, ranks]
 * @param gates [tokens, experts]
 * @param spread scalings of the experts in the columns of their ranks, zero elsewhere, [experts, ranks]
 * @returns [tokens, ranks]; differentiable in hidden and gates
 */
export function gatedHidden(
  hidden: tf.Tensor2D,
  gates: tf.Tensor2D,
  spread: tf.Tensor2D,
): tf.Tensor2D {
  return operation(
    [hidden, gates],
    (hidden, gates) => {
      const weights = tf.matMul<tf.Tensor2D>(gates, spread);
      return { value: hidden.mul<tf.Tensor2D>(weights), saved: { hidden, weights, spread } };
    },
    (dy, { hidden, weights, spread }) => [
      dy.mul(weights),
      timesTransposed(dy.mul<tf.Tensor2D>(hidden), spread),
    ],
  );
}

/**
 * `base(x) + weighted B`.
 *
 * @param x [tokens, inputs]
 * @param weighted what A gives, times gates and scalings, [tokens, ranks]
 * @param b the packed B, [ranks, outputs]
 * @returns [tokens, outputs]; differentiable in x, in both others, and in a base that learns
 */
export function withExperts(
  x: tf.Tensor2D,
  base: Linear,
  weighted: tf.Tensor2D,
  b: tf.Tensor2D,
): tf.Tensor2D {
  if (!isFrozen(base)) return tf.add<tf.Tensor2D>(linear(x, base), matMul(weighted, b));
  const { kernel, transposed: stored } = base;
  const matrices = { ...(kernel && { kernel }), ...(stored && { transposed: stored }) };
  return operation(
    [x, weighted, b],
    (x, weighted, b) => ({
      value: frozenOutput(x, base).add<tf.Tensor2D>(tf.matMul(weighted, b)),
      saved: { weighted, b, ...matrices },
    }),
    (dy, { weighted, b, ...matrix }) => [
      frozenGradient(dy, matrix as unknown as FrozenMatrix),
      timesTransposed(dy, b),
      transposedTimes(weighted, dy),
    ],
  );
}
