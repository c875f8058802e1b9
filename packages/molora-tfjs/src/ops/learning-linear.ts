/**
 * A linear map that learns: `y = x W^T + b`, differentiable in input, weight and bias.
 *
 * The weight lies as checkpoints store it. The library's gradient would multiply with transpose
 * flags, which WebAssembly runs ten to twenty times slower than a product without (see `mat-mul.ts`):
 * here the weight and the gradient of the output are transposed explicitly.
 */
import * as tf from '@tensorflow/tfjs';
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
  const map = tf.customGrad<tf.Tensor2D>((...args) => {
    const [input, matrix] = args as [tf.Tensor2D, tf.Tensor2D];
    const save = args.at(-1) as tf.GradSaveFunc;
    save([input, matrix]);
    const product = tf.tidy(() => tf.matMul<tf.Tensor2D>(input, transposed(matrix)));
    return {
      value: bias === undefined ? product : tf.add<tf.Tensor2D>(product, args[2] as tf.Tensor1D),
      gradFunc: (dy, saved) =>
        tf.tidy(() => {
          const [input, matrix] = saved as [tf.Tensor2D, tf.Tensor2D];
          return [
            tf.matMul(dy, matrix),
            tf.matMul(transposed(dy), input),
            ...(bias === undefined ? [] : [sumOfRows(dy)]),
          ];
        }),
    };
  });
  return map(x, weight, ...(bias === undefined ? [] : [bias]));
}
