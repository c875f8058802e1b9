/**
 * A linear map that learns: `y = x W^T + b`, differentiable in input, weight and bias.
 *
 * The weight lies as checkpoints store it; the library's gradient would be slow on WebAssembly (see
 * `mat-mul.ts`).
 */
import * as tf from '@tensorflow/tfjs';
import { timesTransposed, transposedTimes } from './mat-mul.js';
import { operation } from './operation.js';
import { sumOfRows } from './sum-of-rows.js';

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
      const product = timesTransposed(x, weight);
      const value = bias === undefined ? product : tf.add<tf.Tensor2D>(product, bias);
      return { value, saved: { x, weight } };
    },
    (dy, { x, weight }) => [
      tf.matMul(dy, weight),
      transposedTimes(dy, x),
      ...(bias === undefined ? [] : [sumOfRows(dy)]),
    ],
  );
}
