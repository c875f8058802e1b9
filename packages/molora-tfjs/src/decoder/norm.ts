/** The normalisations of a decoder, of the kind that its configuration names. */
import type * as tf from '@tensorflow/tfjs';
import { layerNorm } from '../ops/layer-norm.js';
import { rmsNorm } from '../ops/rms-norm.js';
import type { NormConfig } from './config.js';

/** Weights of a normalisation. */
export interface Norm {
  /** [size], with the offset of the configuration added. */
  readonly gain: tf.Tensor1D;
  /** Of layer normalisation, [size]. */
  readonly bias?: tf.Tensor1D;
}

/** @param x [tokens, a multiple of size]: each run of `size` numbers is normalised for itself */
export function normalized(
  x: tf.Tensor2D,
  { gain, bias }: Norm,
  { epsilon }: NormConfig,
): tf.Tensor2D {
  if (bias) return layerNorm(x, gain, bias, epsilon);
  const [size] = gain.shape;
  if (size === x.shape[1]) return rmsNorm(x, gain, epsilon);
  return rmsNorm(x.reshape([-1, size]), gain, epsilon).reshape(x.shape);
}
