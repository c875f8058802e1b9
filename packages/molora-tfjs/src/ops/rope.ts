/**
 * Rotary position embedding (Su et al., arXiv:2104.09864) in the layout of Hugging Face checkpoints:
 * component i of a head is rotated together with component i + size / 2, where size is that of the part of
 * the head that is rotated.
 *
 * The other half of each pair is brought in place by a product with a signed permutation matrix:
 * exact, since each sum has one term, and on WebAssembly several times faster than cutting the halves
 * out and joining them.
 */
import * as tf from '@tensorflow/tfjs';
import type { RopeConfig } from '../decoder/config.js';
import { operation } from './operation.js';

/** A record of tensors, so that an operation can keep it for its gradient. */
export type Rotation = {
  /** [positions, head size] */
  readonly cosines: tf.Tensor2D;
  readonly sines: tf.Tensor2D;
  /** [head size, head size]: x -> (-second half of x, first half of x). */
  readonly quarterTurn: tf.Tensor2D;
};

/**
 * Angles per position of each pair of components that is rotated; rotations are slower with each pair.
 *
 * @param positions of the whole text
 */
export function ropeFrequencies(
  { theta, size, scaling }: RopeConfig,
  headSize: number,
  positions: number,
): Float64Array {
  const rotated = size ?? headSize;
  return Float64Array.from({ length: rotated / 2 }, (_, i) => {
    const frequency = theta ** (-(2 * i) / rotated);
    if (!scaling) return frequency;
    if (scaling.type === 'linear') return frequency / scaling.factor;
    if (scaling.type === 'longrope') {
      const isLong = positions > scaling.originalPositions;
      return frequency / (isLong ? scaling.longFactors : scaling.shortFactors)[i]!;
    }
    // Llama 3.1: turns longer than the context it was pretrained on are stretched, short ones kept,
    // and those in between blended by how often they fit into it.
    const turns = (scaling.originalPositions * frequency) / (2 * Math.PI);
    const blend =
      (turns - scaling.lowFrequencyFactor) /
      (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
    const kept = Math.min(1, Math.max(0, blend));
    return kept * frequency + ((1 - kept) * frequency) / scaling.factor;
  });
}

/** What rotates tokens at the positions `start` to `start + length - 1`. */
export function rotationAt(
  rope: RopeConfig,
  headSize: number,
  start: number,
  length: number,
): Rotation {
  const frequencies = ropeFrequencies(rope, headSize, start + length);
  const half = frequencies.length;
  const factor = rope.scaling?.type === 'longrope' ? rope.scaling.attentionFactor : 1;
  // What is not rotated is turned by no angle.
  const cosines = new Float32Array(length * headSize).fill(1);
  const sines = new Float32Array(length * headSize);
  for (let t = 0; t < length; t++) {
    for (let i = 0; i < 2 * half; i++) {
      const angle = (start + t) * frequencies[i % half]!;
      cosines[t * headSize + i] = factor * Math.cos(angle);
      sines[t * headSize + i] = factor * Math.sin(angle);
    }
  }
  const turn = new Float32Array(headSize * headSize);
  for (let i = 0; i < half; i++) {
    turn[(half + i) * headSize + i] = -1;
    turn[i * headSize + half + i] = 1;
  }
  return {
    cosines: tf.tensor2d(cosines, [length, headSize]),
    sines: tf.tensor2d(sines, [length, headSize]),
    quarterTurn: tf.tensor2d(turn, [headSize, headSize]),
  };
}

/**
 * @param x [rows, positions, head size]
 * @returns x rotated by its positions; differentiable in x
 */
export function rotate(x: tf.Tensor3D, rotation: Rotation): tf.Tensor3D {
  const turned = (y: tf.Tensor3D, { quarterTurn }: Rotation): tf.Tensor3D =>
    tf.matMul(y.reshape([-1, y.shape[2]]), quarterTurn).reshape(y.shape);
  return operation(
    [x],
    (x) => ({
      value: x.mul<tf.Tensor3D>(rotation.cosines).add(turned(x, rotation).mul(rotation.sines)),
      saved: rotation,
    }),
    // The transpose of a rotation is the rotation back, with the same factor.
    (dy, kept) => [dy.mul(kept.cosines).sub(turned(dy, kept).mul(kept.sines))],
  );
}
