/**
 * The transpose of a matrix, fast on WebAssembly.
 *
 * The library's kernel walks the output row by row, so that each read misses the cache: 1 ms for
 * [1024, 128], as long as the product that the transpose is for. In tiles that fit the cache, plain
 * JavaScript on the backend's heap takes a fifth of it. Other backends use the library's.
 */
import * as tf from '@tensorflow/tfjs';
import { runOnWasm, type WasmKernel } from './tensorflow-internals.js';

/** Not differentiable: for use inside of operations with their own gradients. */
export function transposed(x: tf.Tensor2D): tf.Tensor2D {
  const own = x.dtype === 'float32' ? runOnWasm('MoloraTranspose', { x }, kernel) : undefined;
  return (own as tf.Tensor2D | undefined) ?? tf.transpose(x);
}

/** Rows and columns of a tile. */
const TILE = 16;

const kernel: WasmKernel = (heap, inputs) => {
  const x = inputs['x']!;
  const [rows, columns] = x.shape as [number, number];
  const out = heap.output([columns, rows]);
  const source = heap.values(x);
  const target = heap.values(out);
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(rows, top + TILE);
    for (let left = 0; left < columns; left += TILE) {
      const right = Math.min(columns, left + TILE);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) {
          target[column * rows + row] = source[row * columns + column]!;
        }
      }
    }
  }
  return out;
};
