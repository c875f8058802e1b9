/**
 * The gate balance loss of MoLE (arXiv 2404.13628, section 3.3): -log prod_i q_i with q_i the mean
 * softmax of expert i. E ln E where all experts are used alike, more where one is neglected. The
 * paper takes the mean over all gated blocks; given block by block, the mean is over the block's
 * projections and tokens, which balances each block for itself.
 */
import * as tf from '@tensorflow/tfjs';
import { pooled, type RouterLoss } from './router-loss.js';

/** Keeps the loss finite for an expert whose probability has underflowed to zero. */
const TINY = 1e-20;

export const gateBalance: RouterLoss = (routings) =>
  pooled(routings, ({ probabilities }) =>
    tf.neg(tf.sum(tf.log(tf.maximum(tf.mean(probabilities, 0), TINY)))),
  );
