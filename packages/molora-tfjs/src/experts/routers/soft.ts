/** Every expert at every token, weighted by the softmax of its logit; the projection's k is unused. */
import * as tf from '@tensorflow/tfjs';
import { linearRouter } from './linear.js';
import { refuseOptions } from './options.js';
import type { Router, RouterFactory } from './router.js';

export const soft: RouterFactory = (options): Router => {
  refuseOptions('soft', options, []);
  return linearRouter({ name: 'soft', route: (logits) => tf.softmax(logits) });
};
