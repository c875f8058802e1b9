/**
 * The router of MoLA (arXiv 2402.08562) and AlphaLoRA (arXiv 2410.10054): `p = softmax(x W)` over
 * the experts, the k largest divided by their sum. That is a softmax over the logits of the selected
 * experts alone, which does not divide by a small sum.
 */
import { linearRouter } from './linear.js';
import { maskedSoftmax, topKMask } from './mask.js';
import type { RouterFactory } from './router.js';

export const topK: RouterFactory = {
  name: 'top-k',
  create: () =>
    linearRouter({
      name: 'top-k',
      route: (logits, { topK }) => maskedSoftmax(logits, topKMask(logits, topK)),
    }),
};
