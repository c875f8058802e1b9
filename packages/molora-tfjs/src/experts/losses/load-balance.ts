/**
 * The load balance loss of Switch Transformers (Fedus et al., arXiv 2101.03961, equations 4 to 6):
 * E * sum_e f_e P_e with the mean probability P_e of expert e and what share f_e of the tokens went to
 * it. The selection has no gradient; the probabilities push it. Where tokens have k experts each, there
 * are two scales:
 *
 * - `load-balance`, as MoLA's code: f_e is the share of all k selections of the tokens, so that a
 *   balanced layer costs 1 and one that uses k experts only E / k; each layer for itself, added up.
 * - `pooled-load-balance`, as MixLoRA's (arXiv 2404.15159) code and as mixtures in Transformers:
 *   f_e counts tokens, so that balance costs k; the tokens of all layers are pooled, as if one router
 *   had seen them. It does not see layers that collapse onto different experts.
 */
import * as tf from '@tensorflow/tfjs';
import { withoutGradient } from '../routers/mask.js';
import { type PooledRouting, pooled, type RouterLoss } from './router-loss.js';

export const loadBalance: RouterLoss = (routings) =>
  pooled(routings, (pool) => {
    const counts = selections(pool);
    return balance(tf.div(counts, tf.sum(counts)), pool);
  });

export const pooledLoadBalance: RouterLoss = Object.assign(
  (routings: Parameters<RouterLoss>[0]) =>
    pooled(routings, (pool) => balance(tf.div(selections(pool), pool.gates.shape[0]), pool)),
  { overBlocks: true },
);

/** How many tokens selected each expert, [experts]. */
function selections({ gates }: PooledRouting): tf.Tensor1D {
  const selected = withoutGradient(gates, (values) => tf.cast(tf.notEqual(values, 0), 'float32'));
  return tf.sum(selected, 0);
}

function balance(shares: tf.Tensor, { probabilities, gates }: PooledRouting): tf.Scalar {
  return tf.mul(tf.sum(tf.mul(shares, tf.mean(probabilities, 0))), gates.shape[1]);
}
