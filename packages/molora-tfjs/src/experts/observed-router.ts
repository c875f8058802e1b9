/**
 * A router that is watched while it works, wherever in a model and however often its passes are
 * computed: callbacks of a training run see routings through it.
 */
import * as tf from '@tensorflow/tfjs';
import { gateTotals } from './gate-totals.js';
import type { Router } from './routers/router.js';

export interface ObservedRouter {
  /** Routes as the given one does; to be used in its place. */
  readonly router: Router;
  /**
   * Mean gates [experts] over all tokens since the last call, by name of the projection. The caller
   * disposes of them.
   */
  take(): Record<string, tf.Tensor1D>;
}

export function observeRouter(router: Router): ObservedRouter {
  const totals = gateTotals();
  return {
    router: {
      ...router,
      route(input) {
        const routing = router.route(input);
        totals.add(input.projection.name, routing.gates);
        return routing;
      },
    },
    take() {
      const means = Object.entries(totals.take()).map(([name, { sum, tokens }]) => {
        const mean = tf.keep(tf.div<tf.Tensor1D>(sum, tokens));
        sum.dispose();
        return [name, mean] as const;
      });
      return Object.fromEntries(means);
    },
  };
}
