/** The feed-forward layers of blocks, by kind. */
import type * as tf from '@tensorflow/tfjs';
import type { Project, ProjectorContext } from '../project.js';
import { gated } from './gated.js';
import { mixture } from './mixture.js';

/** @param x [tokens, hidden size], normalised @returns what is added to the hidden state */
export function feedForward(
  x: tf.Tensor2D,
  context: ProjectorContext,
  project: Project,
): tf.Tensor2D {
  const config = context.own.feedForward;
  return config.kind === 'mixture' ? mixture(x, config, context) : gated(x, config, project);
}
