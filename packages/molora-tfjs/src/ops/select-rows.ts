/**
 * Some rows of a matrix, with a gradient that every backend has: the library's gradient of gather
 * needs a sum by segments, which WebAssembly lacks; with each row taken once, looking up where it
 * went is enough.
 */
import * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';

/**
 * @param x [rows, columns]; differentiable in it
 * @param rows which to take; each at most once
 */
export function selectRows(x: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  const [count, columns] = x.shape;
  if (rows.length === count) return x;
  return operation(
    [x],
    (x) => ({ value: tf.gather(x, tf.tensor1d(rows, 'int32')), saved: {} }),
    (dy) => {
      // Rows that were not taken find the row of zeros at the end.
      const places = new Int32Array(count).fill(rows.length);
      for (const [place, row] of rows.entries()) places[row] = place;
      return [tf.gather(tf.concat([dy, tf.zeros([1, columns])], 0), tf.tensor1d(places, 'int32'))];
    },
  );
}

/** Numbers of the positions where `keep` says so, in a batch of rows one after another. */
export function positionsWhere(count: number, keep: (position: number) => boolean): Int32Array {
  return Int32Array.from(Array.from({ length: count }, (_, i) => i).filter(keep));
}
