/** `tf.tidy` for results with tensors in objects within objects: it looks there, but its type knows one level only. */
import * as tf from '@tensorflow/tfjs';

export function tidied<Result>(compute: () => Result): Result {
  return tf.tidy(compute as unknown as () => tf.NamedTensorMap) as unknown as Result;
}
