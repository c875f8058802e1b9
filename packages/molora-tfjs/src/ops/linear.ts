/** Linear maps of a model: frozen under an adapter, observed while they are frozen, or learning. */
import type * as tf from '@tensorflow/tfjs';
import { type FrozenLinear, frozenLinear } from './frozen-linear.js';
import { type LearningLinear, learningLinear } from './learning-linear.js';
import { type ObservedLinear, observedLinear } from './observed-linear.js';

export type Linear = FrozenLinear | LearningLinear | ObservedLinear;

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]; differentiable in x, and in the weights of a map that learns
 */
export function linear(x: tf.Tensor2D, map: Linear): tf.Tensor2D {
  if (learns(map)) return learningLinear(x, map);
  return 'observer' in map ? observedLinear(x, map) : frozenLinear(x, map);
}

export function learns(map: Linear): map is LearningLinear {
  return 'weight' in map;
}

/** Whether nothing of it learns, and nobody observes it. */
export function isFrozen(map: Linear): map is FrozenLinear {
  return !learns(map) && !('observer' in map);
}
