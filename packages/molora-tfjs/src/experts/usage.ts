/** How a router uses its experts: what to look at when training a mixture goes wrong. */
import * as tf from '@tensorflow/tfjs';
import { readTensor } from '../ops/webgpu.js';
import type { Routing } from './routers/router.js';
import { tsallisEntropy } from './routers/tsallis.js';

export interface ExpertUsage {
  /** Of each expert, the share of the picks that went to it; they sum to 1. */
  readonly picks: readonly number[];
  /** Of each expert, the mean of its gate over all tokens. */
  readonly gates: readonly number[];
  /**
   * Mean over tokens of the router's Shannon entropy as a share of its maximum: 0 where every token
   * is sure of its expert, 1 where the router does not tell experts apart.
   */
  readonly entropy: number;
}

export async function expertUsage({ probabilities, gates }: Routing): Promise<ExpertUsage> {
  const measured = tf.tidy(() => ({
    picks: tf.sum(tf.cast(tf.notEqual(gates, 0), 'float32'), 0),
    gates: tf.mean(gates, 0),
    entropy: tf.mean(tsallisEntropy(probabilities, 1)),
  }));
  const picks = Array.from(await measured.picks.data<'float32'>());
  const total = picks.reduce((sum, count) => sum + count, 0);
  const usage = {
    picks: picks.map((count) => count / total),
    gates: Array.from(await readTensor(measured.gates)),
    entropy: (await readTensor(measured.entropy))[0]!,
  };
  tf.dispose(measured);
  return usage;
}
