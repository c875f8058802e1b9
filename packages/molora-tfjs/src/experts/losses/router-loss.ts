/** What the auxiliary losses of routers have in common. */
import * as tf from '@tensorflow/tfjs';
import type { Routing } from '../routers/router.js';

/**
 * Of the routings of one block, one for each projection that has a router; at least one. The losses
 * of the blocks add up, unless the loss is one over blocks: it is given the routings of all at once.
 */
export interface RouterLoss {
  (routings: readonly Routing[]): tf.Scalar;
  /** @default false */
  readonly overBlocks?: boolean;
}

/** A loss computed otherwise, over the same routings as another. */
export function likeLoss(
  { overBlocks = false }: RouterLoss,
  loss: (routings: readonly Routing[]) => tf.Scalar,
): RouterLoss {
  return Object.assign(loss, { overBlocks });
}

/** Several projections' tokens below each other, as if one router had seen them all. */
export type PooledRouting = Pick<Routing, 'probabilities' | 'gates'>;

/**
 * A loss is of its projections' tokens pooled. Projections with different numbers of experts
 * cannot be pooled: then it is the mean over the pools, weighted by their projections.
 */
export function pooled(
  routings: readonly Routing[],
  loss: (pool: PooledRouting) => tf.Scalar,
): tf.Scalar {
  const byExperts = new Map<number, Routing[]>();
  for (const routing of routings) {
    const experts = routing.gates.shape[1];
    byExperts.set(experts, [...(byExperts.get(experts) ?? []), routing]);
  }
  return tf.tidy(() => {
    const losses = [...byExperts.values()].map((pool) => {
      const probabilities = tf.concat(pool.map((routing) => routing.probabilities));
      const gates = tf.concat(pool.map((routing) => routing.gates));
      return tf.mul<tf.Scalar>(loss({ probabilities, gates }), pool.length / routings.length);
    });
    return tf.addN(losses);
  });
}
