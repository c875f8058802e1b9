/**
 * The weights that a decoder is trained from: normal with a small standard deviation, and smaller by
 * the root of twice the number of blocks where a projection adds to the hidden state, so that the
 * state does not grow with depth (Radford et al., "Language models are unsupervised multitask
 * learners", 2019); gains are one, biases zero.
 */

import { seededRandom } from '@alphalora/contracts/numbers';
import type { TensorValues } from '../adapters/adapter-spec.js';
import type { DecoderConfig } from '../decoder/config.js';
import { isResidual } from '../decoder/projections.js';

export interface InitialWeightsOptions {
  /** Each tensor's numbers depend on the seed and its name only. */
  readonly seed: number;
  readonly standardDeviation: number;
}

/**
 * By the names of a checkpoint, in its shapes: matrices are [outputs, inputs]. Gains are as they act,
 * with the offset that Gemma stores them without.
 */
export function initialWeights(
  config: DecoderConfig,
  { seed, standardDeviation }: InitialWeightsOptions,
): Record<string, TensorValues> {
  const { hiddenSize, vocabularySize, blocks, names } = config;
  const weights: Record<string, TensorValues> = {};
  const matrix = (name: string, shape: [number, number], deviation = standardDeviation): void => {
    weights[name] = { shape, values: normalValues(shape[0] * shape[1], deviation, seed, name) };
  };
  const vector = (name: string, size: number, value: number): void => {
    weights[name] = { shape: [size], values: new Float32Array(size).fill(value) };
  };
  matrix(`${names.embeddings}.weight`, [vocabularySize, hiddenSize]);
  for (const { norms, projections } of blocks) {
    for (const { name, size } of Object.values(norms)) vector(`${name}.weight`, size, 1);
    for (const projection of projections) {
      const { name, inputs, outputs, bias } = projection;
      const share = isResidual(projection) ? 1 / Math.sqrt(2 * blocks.length) : 1;
      matrix(`${name}.weight`, [outputs, inputs], standardDeviation * share);
      if (bias) vector(`${name}.bias`, outputs, 0);
    }
  }
  vector(`${names.norm}.weight`, hiddenSize, 1);
  if (!config.tiedEmbeddings) matrix(`${names.output}.weight`, [vocabularySize, hiddenSize]);
  return weights;
}

/** Box and Muller's transform of two uniform numbers to two normal ones. */
function normalValues(count: number, deviation: number, seed: number, name: string): Float32Array {
  const random = seededRandom(seed, name);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    // 1 - u is never zero.
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** Whether a weight is the gain of a normalisation. */
export function isGain(name: string): boolean {
  return name.endsWith('norm.weight');
}
