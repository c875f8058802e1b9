/**
 * Activations and their derivatives: SiLU, GELU, and GELU's approximation with the tangent (Hendrycks and
 * Gimpel, arXiv:1606.08415).
 *
 * Everything goes through the logistic function, which WebAssembly computes 20 times faster than the
 * hyperbolic tangent: tanh(z) = 2 sigmoid(2 z) - 1 makes GELU's approximation x sigmoid(2 z).
 */
import * as tf from '@tensorflow/tfjs';
import type { Activation as Name } from '../decoder/config.js';
import { operation } from './operation.js';

/** 2 z = x (linear + cubic x^2) in GELU's approximation with the tangent. */
const linear = 2 * Math.sqrt(2 / Math.PI);
const cubic = linear * 0.044715;

interface Activation {
  value(x: tf.Tensor): tf.Tensor;
  /** Its derivative. */
  slope(x: tf.Tensor): tf.Tensor;
}

export const activations: Readonly<Record<Name, Activation>> = {
  silu: {
    value: (x) => x.mul(x.sigmoid()),
    slope(x) {
      const s = x.sigmoid();
      // s (1 + x (1 - s))
      return s.add(x.mul(s).mul(tf.sub(1, s)));
    },
  },
  'gelu-tanh': {
    value: (x) => x.mul(x.square().mul(cubic).add(linear).mul(x).sigmoid()),
    slope(x) {
      const square = x.square();
      const s = square.mul(cubic).add(linear).mul(x).sigmoid();
      return s.add(
        x
          .mul(s)
          .mul(tf.sub(1, s))
          .mul(square.mul(3 * cubic).add(linear)),
      );
    },
  },
  gelu: {
    value: (x) => x.mul(normalDistribution(x)),
    slope: (x) =>
      normalDistribution(x).add(x.mul(x.square().mul(-0.5).exp()).mul(1 / Math.sqrt(2 * Math.PI))),
  },
};

function normalDistribution(x: tf.Tensor): tf.Tensor {
  return x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
}

/** @returns of the shape of x; differentiable in it */
export function activated(x: tf.Tensor2D, activation: Name): tf.Tensor2D {
  const { value, slope } = activations[activation];
  return operation(
    [x],
    (x) => ({ value: value(x) as tf.Tensor2D, saved: { x } }),
    (dy, { x }) => [dy.mul(slope(x))],
  );
}
