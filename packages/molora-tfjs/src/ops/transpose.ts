/**
 * The transpose of a matrix, fast on WebAssembly.
 *
 * The library's kernel walks the output row by row, so that each read misses the cache: 1 ms for
 * [1024, 128], as long as the product that the transpose is for. In tiles that fit the cache, plain
 * JavaScript on the backend's heap takes a fifth of it. Other backends use the library's.
 */
import * as tf from '@tensorflow/tfjs';

/** Not differentiable: for use inside of operations with their own gradients. */
export function transposed(x: tf.Tensor2D): tf.Tensor2D {
  if (tf.getBackend() !== 'wasm' || x.dtype !== 'float32') return tf.transpose(x);
  if (!tf.getKernel(KERNEL, 'wasm')) {
    tf.registerKernel({ kernelName: KERNEL, backendName: 'wasm', kernelFunc: run });
  }
  return tf.engine().runKernel(KERNEL, { x }) as tf.Tensor2D;
}

const KERNEL = 'MoloraTranspose';
/** Rows and columns of a tile. */
const TILE = 16;

/** What is used of the WebAssembly backend. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

function run({ inputs, backend: anyBackend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const backend = anyBackend as WasmBackend;
  const x = inputs['x'] as tf.TensorInfo;
  const [rows, columns] = x.shape as [number, number];
  const out = backend.makeOutput([columns, rows], 'float32');
  // Views are taken last: a heap that grows for the output leaves earlier ones behind.
  const source = backend.typedArrayFromHeap(x);
  const target = backend.typedArrayFromHeap(out);
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
}
