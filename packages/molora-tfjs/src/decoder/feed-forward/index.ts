/** The feed-forward layers of blocks, by kind. */
import type * as tf from '@tensorflow/tfjs';
import type { FeedForwardConfig } from '../config.js';
import type { Project } from '../project.js';
import { gated } from './gated.js';

/** @param x [tokens, hidden size], normalised @returns what is added to the hidden state */
export function feedForward(
  x: tf.Tensor2D,
  config: FeedForwardConfig,
  project: Project,
): tf.Tensor2D {
  return gated(x, config, project);
}
