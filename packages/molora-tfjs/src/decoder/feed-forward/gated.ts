/** A gated linear unit between two projections up and one down (Shazeer, arXiv:2002.05202). */
import type * as tf from '@tensorflow/tfjs';
import { gatedUnit } from '../../ops/gated-unit.js';
import type { GatedConfig } from '../config.js';
import type { Project } from '../project.js';

export function gated(
  x: tf.Tensor2D,
  { activation }: Pick<GatedConfig, 'activation'>,
  project: Project,
): tf.Tensor2D {
  const [gate, up] = project(x, 'gate', 'up');
  const [down] = project(gatedUnit(gate, up, activation), 'down');
  return down;
}
