/**
 * Products of many pairs of small matrices, as attention needs them.
 *
 * The WebAssembly backend of TensorFlow.js multiplies single matrices with XNNPACK, but batches with
 * a naive loop that is about ten times slower. A kernel of our own runs its single product on each
 * pair in turn, in place on its heap.
 */
import * as tf from '@tensorflow/tfjs';
import { runOnWasm, type WasmKernel } from './tensorflow-internals.js';

/**
 * @param a [batch, m, k] @param b [batch, k, n]
 * @returns [batch, m, n]; not differentiable: for use inside of operations with their own gradients
 */
export function batchedProduct(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const product = a.shape[0] > 1 ? runOnWasm('MoloraBatchedProduct', { a, b }, kernel) : undefined;
  return (product as tf.Tensor3D | undefined) ?? tf.matMul(a, b);
}

const kernel: WasmKernel = (heap, inputs) => {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const out = heap.output([a.shape[0]!, a.shape[1]!, b.shape[2]!]);
  heap.multiplyPairs(a, b, out);
  return out;
};
