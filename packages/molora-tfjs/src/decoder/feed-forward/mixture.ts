/**
 * A mixture of frozen experts behind a frozen router (Jiang et al., arXiv:2401.04088; Muennighoff et al.,
 * arXiv:2409.02060): the sum of what the chosen experts give, each times its gate, which is the softmax over
 * all experts; in most families divided by the sum of those chosen. Differentiable through the gates, too.
 *
 * The loss that balances such a router in pretraining is not added, as the router does not learn.
 */
import * as tf from '@tensorflow/tfjs';
import { maskedSoftmax, topKMask } from '../../experts/routers/mask.js';
import { combined, dispatch, tokensOfExperts } from '../../ops/dispatch.js';
import { linear } from '../../ops/linear.js';
import type { MixtureConfig } from '../config.js';
import { type ProjectorContext, projector } from '../project.js';
import { gated } from './gated.js';

export function mixture(
  x: tf.Tensor2D,
  config: MixtureConfig,
  context: ProjectorContext,
): tf.Tensor2D {
  const { perToken, normalized } = config;
  const logits = linear(x, context.block.router!);
  const mask = topKMask(logits, perToken);
  const gates = normalized
    ? maskedSoftmax(logits, mask)
    : tf.softmax(logits).mul<tf.Tensor2D>(mask);
  context.adapter?.context.onGates?.(config.router, gates);
  const way = dispatch(mask, perToken);
  const outputs = tokensOfExperts(x, way).flatMap((taken, expert) =>
    taken ? [gated(taken.x, config, projector(context, { expert, tokens: taken.tokens }))] : [],
  );
  return combined(outputs, gates, way);
}
