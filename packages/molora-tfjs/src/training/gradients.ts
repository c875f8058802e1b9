/**
 * Gradients of one step: accumulated over micro-batches, then clipped by their global norm (Pascanu
 * et al., arXiv 1211.5063, as in `torch.nn.utils.clip_grad_norm_`).
 *
 * A micro-batch counts by the weight of its targets, not as one of n: the sum is then the gradient
 * of the mean over all targets of the step, whatever the lengths, as if it were one batch.
 * Auxiliary losses are averaged with the same weights; those that are not linear in the tokens, such
 * as load balance, are means over the micro-batches and not the value of the joined batch.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { Tensors } from '../adapters/adapter-spec.js';
import { type TokenBatch, type Trainable, targetWeight } from './trainable.js';

export interface StepGradients {
  /** Mean over the weighted targets of all micro-batches, auxiliary losses included. */
  readonly loss: tf.Scalar;
  /** Weights of these targets together. */
  readonly targets: number;
  /** By name of the variable; those that the loss does not depend on are absent. */
  readonly gradients: Tensors;
}

/**
 * @param seeds one for each micro-batch
 * @returns tensors that the caller disposes
 * @throws AlphaLoraError `INVALID_OPTION` when no token of any micro-batch is a target
 */
export function stepGradients(
  model: Trainable,
  microBatches: readonly TokenBatch[],
  seeds: readonly number[],
): StepGradients {
  const weights = microBatches.map(targetWeight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'no token of this batch is a target: every weight after the first token is zero',
    );
  }
  let loss: tf.Scalar | undefined;
  const gradients: Record<string, tf.Tensor> = {};
  microBatches.forEach((batch, i) => {
    // Of nothing but padding the mean over the targets is 0 / 0.
    if (weights[i] === 0) return;
    const part = tf.tidy(() => {
      const share = weights[i]! / total;
      const { value, grads } = tf.variableGrads(
        () => model.loss(batch, { seed: seeds[i]!, training: true }).mul(share).asScalar(),
        [...model.variables],
      );
      return { value, grads };
    });
    loss = added(loss, part.value);
    for (const [name, gradient] of Object.entries(part.grads))
      gradients[name] = added(gradients[name], gradient);
  });
  return { loss: loss!, targets: total, gradients };
}

/** The sum, in place of both. */
function added<T extends tf.Tensor>(sum: T | undefined, part: T): T {
  if (!sum) return part;
  const next = tf.add<T>(sum, part);
  sum.dispose();
  part.dispose();
  return next;
}

/** Euclidean norm of all gradients as one vector. */
export function globalNorm(gradients: Tensors): tf.Scalar {
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((gradient) => gradient.square().sum());
    return (squares.length === 0 ? tf.scalar(0) : tf.addN(squares)).sqrt().asScalar();
  });
}

/** PyTorch adds this to the norm. */
const NORM_EPSILON = 1e-6;

/**
 * Factor that brings gradients of a norm down to `limit`; 1 where they are within it.
 * @param limit `null` for none
 */
export function clipFactor(norm: number, limit: number | null): number {
  return limit === null ? 1 : Math.min(1, limit / (norm + NORM_EPSILON));
}
