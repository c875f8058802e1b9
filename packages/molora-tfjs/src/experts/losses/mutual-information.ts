/**
 * Minus the mutual information between who is routed and the expert (Mod-Squad, Chen et al., arXiv
 * 2212.08066; ASE, arXiv 2510.00570), in nats: `I = H(mean of the rows) - mean of H(row)`, where each
 * row is one distribution over experts. It is largest when every row is sure of its expert and all
 * experts are used alike: then it is ln E. Rows are tokens here; to tie experts to tasks as the
 * papers do, give `mutualInformation` one row per task, the mean of its tokens' probabilities.
 */
import * as tf from '@tensorflow/tfjs';
import { pooled, type RouterLoss } from './router-loss.js';

/** Keeps logarithms finite where a probability has underflowed to zero. */
const TINY = 1e-20;

/** @param rows [tasks or tokens, experts], each a distribution; all count alike @returns nats */
export function mutualInformation(rows: tf.Tensor2D): tf.Scalar {
  const surprise = (p: tf.Tensor): tf.Tensor => tf.neg(tf.mul(p, tf.log(tf.maximum(p, TINY))));
  return tf.tidy(() => {
    const together = tf.sum<tf.Scalar>(surprise(tf.mean(rows, 0)));
    return tf.sub<tf.Scalar>(together, tf.mean(tf.sum(surprise(rows), 1)));
  });
}

export const mutualInformationLoss: RouterLoss = (routings) =>
  pooled(routings, ({ probabilities }) => tf.neg(mutualInformation(probabilities)));
