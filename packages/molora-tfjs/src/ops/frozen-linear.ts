/**
 * The frozen linear map under every adapter: `y = x W + b`, differentiable in x only.
 *
 * One custom gradient with a stored transposed copy of the weight. TensorFlow.js's own gradient
 * would compute the unused gradient of the weight and multiply with transpose flags, which the
 * WebAssembly backend runs ten to twenty times slower than a product without (see `mat-mul.ts`). The
 * price is memory: twice the weight.
 */
import * as tf from '@tensorflow/tfjs';
import { transposed } from './transpose.js';
import { prepareBackend } from './webgpu.js';

export interface FrozenLinear {
  /** [inputs, outputs] */
  readonly kernel: tf.Tensor2D;
  /** The same numbers, [outputs, inputs]. */
  readonly transposed: tf.Tensor2D;
  /** [outputs] */
  readonly bias?: tf.Tensor1D;
}

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]
 */
export function frozenLinear(x: tf.Tensor2D, weight: FrozenLinear): tf.Tensor2D {
  const map = tf.customGrad<tf.Tensor2D>((input) => {
    const product = tf.matMul<tf.Tensor2D>(input as tf.Tensor2D, weight.kernel);
    return {
      value: weight.bias === undefined ? product : tf.add<tf.Tensor2D>(product, weight.bias),
      gradFunc: (dy: tf.Tensor) => tf.matMul(dy as tf.Tensor2D, weight.transposed),
    };
  });
  return map(x);
}

/**
 * A frozen linear map from a weight as checkpoints store it. The result owns its tensors; `weight`
 * and `bias` stay the caller's.
 *
 * @param weight [outputs, inputs]
 * @param bias [outputs]
 */
export function createFrozenLinear(weight: tf.Tensor2D, bias?: tf.Tensor1D): FrozenLinear {
  prepareBackend();
  return {
    kernel: transposed(weight),
    transposed: tf.clone(weight),
    ...(bias === undefined ? {} : { bias: tf.clone(bias) }),
  };
}
