/**
 * A linear map that learns: `y = x W^T + b`, differentiable in input, weight and bias.
 *
 * The weight lies as checkpoints store it. The library's gradient would multiply with transpose
 * flags, which WebAssembly runs ten to twenty times slower than a product without (see `mat-mul.ts`):
 * here the weight and the gradient of the output are transposed explicitly.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';
import { sumOfRows } from './sum-of-rows.js';
import { transposed } from './transpose.js';

export interface LearningLinear {
  /** [outputs, inputs] */
  readonly weight: tf.Variable<tf.Rank.R2>;
  /** [outputs] */
  readonly bias?: tf.Variable<tf.Rank.R1>;
}

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]
 */
export function learningLinear(x: tf.Tensor2D, { weight, bias }: LearningLinear): tf.Tensor2D {
  const inputs = (bias === undefined ? [x, weight] : [x, weight, bias]) as [
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  return operation(
    inputs,
    (x, weight) => {
      const product = tf.matMul<tf.Tensor2D>(x, transposed(weight));
      const value = bias === undefined ? product : tf.add<tf.Tensor2D>(product, bias);
      return { value, saved: { x, weight } };
    },
    (dy, { x, weight }) => [
      tf.matMul(dy, weight),
      tf.matMul(transposed(dy), x),
      ...(bias === undefined ? [] : [sumOfRows(dy)]),
    ],
  );
}
