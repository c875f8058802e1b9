/**
 * Products of many pairs of small matrices, as attention needs them.
 *
 * The WebAssembly backend of TensorFlow.js multiplies single matrices with XNNPACK, but batches with
 * a naive loop that is about ten times slower. A kernel of our own runs its single product on each
 * pair in turn, in place on its heap.
 */
import * as tf from '@tensorflow/tfjs';
import { isSlowTransposed } from './mat-mul.js';
import { runOnWasm, type WasmKernel } from './tensorflow-internals.js';

interface TransposeFlags {
  /** Multiplies by the transpose of each a. @default false */
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * @param a [batch, m, k] @param b [batch, k, n]; each the other way round where its flag says so
 * @returns [batch, m, n]; not differentiable: for use inside of operations with their own gradients
 */
export function batchedProduct(
  a: tf.Tensor3D,
  b: tf.Tensor3D,
  { transposeA = false, transposeB = false }: TransposeFlags = {},
): tf.Tensor3D {
  if (!isSlowTransposed()) return tf.matMul(a, b, transposeA, transposeB);
  const right = transposeB ? turned(b) : b;
  // (B^T A)^T: of attention's weights and its heads, the heads are the narrower.
  return transposeA ? turned(plainProducts(turned(right), a)) : plainProducts(a, right);
}

function turned(x: tf.Tensor3D): tf.Tensor3D {
  return x.transpose([0, 2, 1]);
}

function plainProducts(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const product = a.shape[0] > 1 ? runOnWasm('MoloraBatchedProduct', { a, b }, kernel) : undefined;
  return (product as tf.Tensor3D | undefined) ?? tf.matMul(a, b);
}

const kernel: WasmKernel = (heap, inputs) => {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const out = heap.output([a.shape[0]!, a.shape[1]!, b.shape[2]!]);
  heap.multiplyPairs(a, b, out);
  return out;
};
