/** Linear maps of a model, whether they are frozen under an adapter or learn themselves. */
import type * as tf from '@tensorflow/tfjs';
import { type FrozenLinear, frozenLinear } from './frozen-linear.js';
import { type LearningLinear, learningLinear } from './learning-linear.js';

export type Linear = FrozenLinear | LearningLinear;

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]; differentiable in x, and in the weights of a map that learns
 */
export function linear(x: tf.Tensor2D, map: Linear): tf.Tensor2D {
  return learns(map) ? learningLinear(x, map) : frozenLinear(x, map);
}

export function learns(map: Linear): map is LearningLinear {
  return 'weight' in map;
}
