/**
 * Scaled dot-product attention (Vaswani et al., arXiv:1706.03762) with grouped queries (Ainslie et
 * al., arXiv:2305.13245), as one operation with its gradient in closed form.
 *
 * Query heads that share keys and values are stacked below each other, so that a group is one matrix
 * product. The sum in the softmax's gradient, rows of P * dP, is rows of O * dO.
 */
import * as tf from '@tensorflow/tfjs';
import { batchedProduct } from './batched-product.js';
import { operation } from './operation.js';
import { capped, capSlope } from './soft-cap.js';

export interface AttentionInput {
  /** [batch * key-value heads, query heads per group * queries, head size] */
  queries: tf.Tensor3D;
  /** [batch * key-value heads, keys, head size] */
  keys: tf.Tensor3D;
  values: tf.Tensor3D;
  /** 0 where a query sees a key, a very negative number elsewhere: [queries, keys], or [batch, 1, queries or 1, keys]. */
  mask: tf.Tensor;
  batch: number;
  /** Factor of the products of queries and keys. */
  scale: number;
  /** What no product exceeds, see `soft-cap.ts`. @default none */
  softCap?: number;
}

/** @returns like the queries; differentiable in queries, keys and values */
export function attention(input: AttentionInput): tf.Tensor3D {
  const { queries, keys, values, mask, batch, scale, softCap } = input;
  const [length, keyCount] = mask.shape.slice(-2) as [number, number];
  /** The softmax runs over the heads of a batch entry, each [queries, keys]. */
  const perHead = [batch, -1, length, keyCount];
  return operation(
    [queries, keys, values],
    (q, k, v) => {
      const scaled = q.mul<tf.Tensor3D>(scale);
      const products = batchedProduct(scaled, k, { transposeB: true });
      const scores = softCap === undefined ? products : capped(products, softCap);
      const masked = scores.reshape(perHead).add(mask);
      const weights = tf.softmax(masked).reshape<tf.Tensor3D>(scores.shape);
      const output = batchedProduct(weights, v);
      const saved = { scaled, k, v, weights, output };
      return { value: output, saved: { ...saved, ...(softCap !== undefined && { scores }) } };
    },
    (dy, { scaled, k, v, weights, output, scores }) => {
      const mean = dy.mul(output).sum(-1, true);
      const dCapped = batchedProduct(dy, v, { transposeB: true })
        .sub(mean)
        .mul<tf.Tensor3D>(weights);
      const dScores = scores ? dCapped.mul<tf.Tensor3D>(capSlope(scores, softCap!)) : dCapped;
      return [
        batchedProduct(dScores, k).mul(scale),
        batchedProduct(dScores, scaled, { transposeA: true }),
        batchedProduct(weights, dy, { transposeA: true }),
      ];
    },
  );
}

/** Low enough that its exponential is zero, and finite, so that a row that sees nothing has numbers. */
const HIDDEN = -1e9;

export interface MaskOptions {
  queries: number;
  /** All keys; the queries are the last of these positions. */
  keys: number;
  /** Of each row of the batch, positions before its first token. @default none */
  padding?: readonly number[];
  /** A query sees itself and the `window - 1` positions before it. @default all before */
  window?: number | undefined;
}

/** The additive mask of causal attention: [queries, keys], or [batch, 1, queries, keys] with padding. */
export function causalMask({ queries, keys, padding, window = keys }: MaskOptions): tf.Tensor {
  const starts = padding ?? [0];
  const mask = new Float32Array(starts.length * queries * keys).fill(HIDDEN);
  for (const [row, start] of starts.entries()) {
    for (let i = 0; i < queries; i++) {
      const position = keys - queries + i;
      const first = Math.max(start, position - window + 1);
      const offset = (row * queries + i) * keys;
      mask.fill(0, offset + first, offset + position + 1);
    }
  }
  return padding
    ? tf.tensor4d(mask, [starts.length, 1, queries, keys])
    : tf.tensor2d(mask, [queries, keys]);
}

/**
 * The additive mask of attention to all tokens of a row, [batch, 1, 1, keys].
 *
 * @param lengths of each row, the tokens that count; padding comes after them
 */
export function paddingMask(lengths: readonly number[], keys: number): tf.Tensor4D {
  const mask = new Float32Array(lengths.length * keys);
  for (const [row, length] of lengths.entries())
    mask.fill(HIDDEN, row * keys + length, (row + 1) * keys);
  return tf.tensor4d(mask, [lengths.length, 1, 1, keys]);
}
