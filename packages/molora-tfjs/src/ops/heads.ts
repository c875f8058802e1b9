/** Tokens with all heads side by side, and heads with all tokens one below the other. */
import type * as tf from '@tensorflow/tfjs';
import { operation } from './operation.js';

/** [tokens, heads * head size] -> [batch * heads, tokens per row, head size] */
export function headsFirst(x: tf.Tensor2D, batch: number, headSize: number): tf.Tensor3D {
  return operation(
    [x],
    (x) => ({ value: splitHeads(x, batch, headSize), saved: {} }),
    (dy) => [joinHeads(dy, batch)],
  );
}

/** The way back, from `heads` heads, those of each group stacked as attention takes them. */
export function tokensFirst(x: tf.Tensor3D, batch: number, heads: number): tf.Tensor2D {
  const headSize = x.shape[2];
  return operation(
    [x],
    (x) => ({ value: joinHeads(x.reshape([batch * heads, -1, headSize]), batch), saved: {} }),
    (dy) => [splitHeads(dy, batch, headSize).reshape(x.shape)],
  );
}

function splitHeads(x: tf.Tensor2D, batch: number, headSize: number): tf.Tensor3D {
  const [tokens, width] = x.shape;
  const length = tokens / batch;
  return x
    .reshape([batch, length, width / headSize, headSize])
    .transpose([0, 2, 1, 3])
    .reshape([-1, length, headSize]);
}

function joinHeads(x: tf.Tensor3D, batch: number): tf.Tensor2D {
  const [heads, length, headSize] = x.shape;
  return x
    .reshape([batch, heads / batch, length, headSize])
    .transpose([0, 2, 1, 3])
    .reshape([batch * length, -1]);
}
