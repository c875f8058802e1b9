/**
 * Dropout on the input of the experts: one mask for all experts of a projection.
 *
 * The released MoLA code draws one mask per expert; one for all leaves the packed product a single
 * product, and in expectation the output is the same. The mask depends on seed and name only, so
 * that a pass that is computed a second time (recomputation of activations) drops the same inputs.
 */

import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';

export interface DropoutOptions {
  /** Share of the inputs that are set to zero, in [0, 1); the rest is divided by 1 - rate. */
  readonly rate: number;
  readonly seed: number;
  /** Of the projection: different projections drop different inputs. */
  readonly name: string;
}

/** @returns 0 where an input is dropped and 1 / (1 - rate) elsewhere; undefined where none is dropped */
export function dropoutMask(
  shape: [tokens: number, inputs: number],
  { rate, seed, name }: DropoutOptions,
): tf.Tensor2D | undefined {
  if (rate === 0) return undefined;
  const random = seededRandom(seed, `${name} dropout`);
  const mask = new Float32Array(shape[0] * shape[1]).fill(1 / (1 - rate));
  // How many inputs are kept before the next that is dropped is geometric: one draw for each that is dropped.
  const kept = (): number => Math.floor(Math.log(1 - random()) / Math.log1p(-rate));
  for (let i = kept(); i < mask.length; i += 1 + kept()) mask[i] = 0;
  return tf.tensor2d(mask, shape);
}
