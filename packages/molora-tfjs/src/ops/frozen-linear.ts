/**
 * The frozen linear map under every adapter: `y = x W + b`, differentiable in x only.
 *
 * A gradient of its own: that of TensorFlow.js would compute the unused gradient of the weight. The weight
 * is held once, in the layout that the forward pass is fastest with: WebAssembly multiplies by a transposed
 * operand ten to twenty times slower than by a plain one (see `mat-mul.ts`), and there the backward pass
 * transposes the weight, which costs little beside the product.
 */
import * as tf from '@tensorflow/tfjs';
import { isSlowTransposed, timesTransposed } from './mat-mul.js';
import { operation } from './operation.js';
import { prepareBackend } from './prepare-backend.js';
import { transposed } from './transpose.js';

/** The weight in one layout, or in both. */
export type FrozenMatrix =
  | {
      /** [inputs, outputs] */
      readonly kernel: tf.Tensor2D;
      readonly transposed?: tf.Tensor2D;
    }
  | {
      readonly kernel?: tf.Tensor2D;
      /** As checkpoints store it, [outputs, inputs]. */
      readonly transposed: tf.Tensor2D;
    };

export type FrozenLinear = FrozenMatrix & {
  /** [outputs] */
  readonly bias?: tf.Tensor1D;
};

/**
 * @param x [tokens, inputs]
 * @returns [tokens, outputs]
 */
export function frozenLinear(x: tf.Tensor2D, map: FrozenLinear): tf.Tensor2D {
  return operation(
    [x],
    (x) => ({ value: frozenOutput(x, map), saved: {} }),
    (dy) => [frozenGradient(dy, map)],
  );
}

/** `x W + b`, not differentiable: for use inside of operations with their own gradients. */
export function frozenOutput(x: tf.Tensor2D, map: FrozenLinear): tf.Tensor2D {
  const product = map.kernel
    ? tf.matMul<tf.Tensor2D>(x, map.kernel)
    : timesTransposed(x, map.transposed!);
  return map.bias === undefined ? product : tf.add<tf.Tensor2D>(product, map.bias);
}

/** `dy W^T`: the gradient in x. */
export function frozenGradient(dy: tf.Tensor2D, map: FrozenMatrix): tf.Tensor2D {
  return map.transposed
    ? tf.matMul<tf.Tensor2D>(dy, map.transposed)
    : timesTransposed(dy, map.kernel!);
}

/** For several products: the layout that is missing, where the backend would make it for each of them. */
export function bothLayouts({ kernel, transposed: stored }: FrozenMatrix): FrozenMatrix {
  if (!isSlowTransposed()) return kernel ? { kernel } : { transposed: stored! };
  return { kernel: kernel ?? transposed(stored!), transposed: stored ?? transposed(kernel!) };
}

/** [inputs, outputs] */
export function frozenShape({ kernel, transposed: stored }: FrozenMatrix): [number, number] {
  return kernel ? kernel.shape : [stored!.shape[1], stored!.shape[0]];
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
    ...(isSlowTransposed() ? { kernel: transposed(weight) } : { transposed: tf.clone(weight) }),
    ...(bias !== undefined && { bias: tf.clone(bias) }),
  };
}
