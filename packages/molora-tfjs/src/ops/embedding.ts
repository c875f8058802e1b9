/**
 * The vectors of tokens, from a table that is frozen or learns.
 *
 * The library's gradient of gather sums by segments, which WebAssembly lacks. A product with the
 * tokens one-hot does the same; it takes vocabulary x tokens numbers, which is little for the
 * vocabularies of models that are small enough to be trained whole here.
 */
import * as tf from '@tensorflow/tfjs';
import { transposedTimes } from './mat-mul.js';
import { operation } from './operation.js';

/**
 * @param table [vocabulary, hidden size]; differentiable in it where it is a variable
 * @param ids [tokens], int32 and within the vocabulary
 * @returns [tokens, hidden size]
 */
export function embeddingsOf(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  if (!(table instanceof tf.Variable)) return tf.gather(table, ids);
  const [vocabulary] = table.shape;
  return operation(
    [table as tf.Tensor2D],
    (table) => ({ value: tf.gather(table, ids), saved: { ids } }),
    (dy, { ids }) => {
      // Asked for floats, WebAssembly's oneHot fills them with the bits of integers.
      const chosen = tf.oneHot(ids, vocabulary).toFloat() as tf.Tensor2D;
      return [transposedTimes(chosen, dy)];
    },
  );
}
