/**
 * Gradient checkpointing (Chen et al., arXiv:1604.06174): a function whose intermediate results are
 * dropped after the forward pass and computed again when its gradient is asked for, so that memory
 * holds the inputs of all blocks and the inside of one.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';
import { keepingTape } from './tensorflow-internals.js';

/**
 * @param f must give the same result when it is called again. Tensors that live shorter than the
 *   backward pass must reach it as inputs or constants
 * @param constants what f needs beside its inputs, without gradient
 * @returns f(inputs, constants), differentiable in all inputs
 */
export function recomputed<T extends tf.Tensor, Constants extends Record<string, tf.Tensor>>(
  f: (inputs: readonly tf.Tensor[], constants: Constants) => T,
  inputs: readonly tf.Tensor[],
  constants: Constants,
): T {
  return operation(
    inputs,
    (...inputs) => ({
      value: f(inputs, constants),
      saved: { ...Object.fromEntries(inputs.entries()), ...constants },
    }),
    (dy, saved) => {
      const copies = inputs.map((_, i) => saved[i]!);
      return gradients((inputs) => f(inputs, saved as Constants), copies, dy);
    },
  );
}

function gradients(
  f: (inputs: readonly tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  dy: tf.Tensor,
): tf.Tensor[] {
  return keepingTape(() => {
    const { grads } = tf.engine().gradients(() => f(inputs), inputs, dy, true);
    return grads.map((gradient, i) => gradient ?? tf.zerosLike(inputs[i]!));
  });
}
