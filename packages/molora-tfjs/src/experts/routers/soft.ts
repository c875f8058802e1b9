/** Every expert at every token, weighted by the softmax of its logit; the projection's k is unused. */
import * as tf from '@tensorflow/tfjs';
import { linearRouter } from './linear.js';
import type { RouterFactory } from './router.js';

export const soft: RouterFactory = {
  name: 'soft',
  create: () => linearRouter({ name: 'soft', route: (logits) => tf.softmax(logits) }),
};
