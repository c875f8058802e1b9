/**
 * The load balance loss of Switch Transformers (Fedus et al., arXiv 2101.03961, equations 4 to 6), as
 * MoLA applies it: E * sum_e f_e P_e, where f_e is the share of the picks that went to expert e and
 * P_e its mean probability. 1 where both are uniform, E where everything goes to one expert. The
 * picks have no gradient; the probabilities push them. Switch selects one expert; MoLA divides by k, and
 * adds up layers. MixLoRA (arXiv 2404.15159) does neither: all layers pooled, k where both are uniform.
 */
import * as tf from '@tensorflow/tfjs';
import { withoutGradient } from '../routers/mask.js';
import { pooled, type RouterLoss } from './router-loss.js';

export const loadBalance: RouterLoss = (routings) =>
  pooled(routings, ({ probabilities, gates }) => {
    const picked = withoutGradient(gates, (values) => tf.cast(tf.notEqual(values, 0), 'float32'));
    const picks = tf.sum(picked, 0);
    const shares = tf.div(picks, tf.sum(picks));
    const experts = gates.shape[1];
    return tf.mul(tf.sum(tf.mul(shares, tf.mean(probabilities, 0))), experts);
  });
