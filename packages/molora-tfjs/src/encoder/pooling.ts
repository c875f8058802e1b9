/** One vector of a text from those of its tokens, as `Pooling` and `Normalize` of sentence-transformers. */
import * as tf from '@tensorflow/tfjs';

/** The mean of all tokens, or the first token, which is `[CLS]`. */
export type Pooling = 'mean' | 'cls';

/**
 * @param states [batch, length, hidden size]
 * @param lengths of each row, the tokens that count
 * @param unit divided by their lengths
 * @returns [batch, hidden size]
 */
export function pooled(
  states: tf.Tensor3D,
  lengths: readonly number[],
  { pooling, unit }: { pooling: Pooling; unit: boolean },
): tf.Tensor2D {
  return tf.tidy(() => {
    const vectors = pooling === 'cls' ? firstTokens(states) : means(states, lengths);
    if (!unit) return vectors;
    // As torch.nn.functional.normalize does, a vector of zeros stays what it is.
    return vectors.div<tf.Tensor2D>(vectors.norm('euclidean', -1, true).maximum(1e-12));
  });
}

function firstTokens(states: tf.Tensor3D): tf.Tensor2D {
  const [batch, , size] = states.shape;
  return states.slice([0, 0, 0], [batch, 1, size]).reshape([batch, size]);
}

function means(states: tf.Tensor3D, lengths: readonly number[]): tf.Tensor2D {
  const [batch, length, size] = states.shape;
  const weights = new Float32Array(batch * length);
  for (const [row, count] of lengths.entries())
    weights.fill(1 / count, row * length, row * length + count);
  return tf.matMul(tf.tensor3d(weights, [batch, 1, length]), states).reshape([batch, size]);
}
