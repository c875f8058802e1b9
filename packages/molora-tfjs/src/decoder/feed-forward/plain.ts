/** A projection up, an activation, and a projection down (Vaswani et al., arXiv:1706.03762). */
import type * as tf from '@tensorflow/tfjs';
import { activated } from '../../ops/activation.js';
import type { PlainConfig } from '../config.js';
import type { Project } from '../project.js';

export function plain(x: tf.Tensor2D, { activation }: PlainConfig, project: Project): tf.Tensor2D {
  const [up] = project(x, 'up');
  const [down] = project(activated(up, activation), 'down');
  return down;
}
