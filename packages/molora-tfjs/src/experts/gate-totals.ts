/** What routers gave each expert, added up over passes without being recorded for the gradient. */
import * as tf from '@tensorflow/tfjs';

export interface GateTotal {
  /** Over all tokens, [experts]. The caller disposes of it. */
  readonly sum: tf.Tensor1D;
  readonly tokens: number;
}

export interface GateTotals {
  /** @param gates [tokens, experts], of the router of this name */
  add(name: string, gates: tf.Tensor2D): void;
  /** Since the last call, by name. */
  take(): Record<string, GateTotal>;
}

/** @param measure what is added up of the gates, of the same shape. @default the gates */
export function gateTotals(measure = (gates: tf.Tensor2D): tf.Tensor2D => gates): GateTotals {
  const totals = new Map<string, GateTotal>();
  return {
    add(name, gates) {
      offTape(gates, (values) => {
        const before = totals.get(name);
        const now = tf.sum<tf.Tensor1D>(measure(values), 0);
        const sum = tf.keep(before ? tf.add<tf.Tensor1D>(before.sum, now) : now);
        before?.sum.dispose();
        totals.set(name, { sum, tokens: (before?.tokens ?? 0) + values.shape[0] });
      });
    },
    take() {
      const taken = Object.fromEntries(totals);
      totals.clear();
      return taken;
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
