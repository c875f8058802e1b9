/**
 * The gate of a gated linear unit (Shazeer, arXiv:2002.05202): activation(gate) * up, with SiLU
 * (SwiGLU) or GELU (GeGLU), as one operation with its gradient in closed form.
 */
import type * as tf from '@tensorflow/tfjs';
import type { Activation as Name } from '../decoder/config.js';
import { activations } from './activation.js';
import { operation } from './operation.js';

/** @returns activation(gate) * up, [tokens, size] like both; differentiable in both */
export function gatedUnit(gate: tf.Tensor2D, up: tf.Tensor2D, activation: Name): tf.Tensor2D {
  const { value, slope } = activations[activation];
  return operation(
    [gate, up],
    (gate, up) => ({ value: value(gate).mul<tf.Tensor2D>(up), saved: { gate, up } }),
    (dy, { gate, up }) => [dy.mul(up).mul(slope(gate)), dy.mul(value(gate))],
  );
}
