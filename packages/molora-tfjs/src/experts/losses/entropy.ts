/**
 * The entropy loss of DynMoLE (arXiv 2504.00661): the mean over tokens of the router's Tsallis
 * entropy as a share of its maximum, so that routers learn to decide.
 */
import * as tf from '@tensorflow/tfjs';
import { tsallisEntropy } from '../routers/tsallis.js';
import { pooled, type RouterLoss } from './router-loss.js';

/** @param q entropic index; 1 for Shannon's entropy. The paper's is 1.1. */
export function entropyLoss(q: number): RouterLoss {
  return (routings) =>
    pooled(routings, ({ probabilities }) => tf.mean(tsallisEntropy(probabilities, q)));
}
