/** The feed-forward layers of blocks, by kind. */
import type * as tf from '@tensorflow/tfjs';
import type { Project, ProjectorContext } from '../project.js';
import { gated } from './gated.js';
import { mixture } from './mixture.js';
import { plain } from './plain.js';

/** @param x [tokens, hidden size], normalised @returns what is added to the hidden state */
export function feedForward(
  x: tf.Tensor2D,
  context: ProjectorContext,
  project: Project,
): tf.Tensor2D {
  const config = context.own.feedForward;
  switch (config.kind) {
    case 'mixture':
      return mixture(x, config, context);
    case 'plain':
      return plain(x, config, project);
    default:
      return gated(x, config, project);
  }
}
