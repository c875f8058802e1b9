/**
 * A router that is watched while it works, wherever in a model and however often its passes are
 * computed: callbacks of a training run see routings through it.
 */
import * as tf from '@tensorflow/tfjs';
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
  const sums = new Map<string, { gates: tf.Tensor1D; tokens: number }>();
  return {
    router: {
      ...router,
      route(input) {
        const routing = router.route(input);
        offTape(routing.gates, (gates) => {
          const { name } = input.projection;
          const before = sums.get(name);
          const now = tf.sum<tf.Tensor1D>(gates, 0);
          const total = tf.keep(
            before === undefined ? now : tf.add<tf.Tensor1D>(before.gates, now),
          );
          before?.gates.dispose();
          sums.set(name, { gates: total, tokens: (before?.tokens ?? 0) + gates.shape[0] });
        });
        return routing;
      },
    },
    take() {
      const means = [...sums].map(([name, { gates, tokens }]) => {
        const mean = tf.keep(tf.div<tf.Tensor1D>(gates, tokens));
        gates.dispose();
        return [name, mean] as const;
      });
      sums.clear();
      return Object.fromEntries(means);
    },
  };
}

/** What a custom gradient computes is not recorded; its result is on no path to a loss. */
function offTape(gates: tf.Tensor2D, watch: (gates: tf.Tensor2D) => void): void {
  tf.tidy(() => {
    tf.customGrad<tf.Scalar>((values) => {
      watch(values as tf.Tensor2D);
      return { value: tf.scalar(0), gradFunc: () => [] };
    })(gates);
  });
}
