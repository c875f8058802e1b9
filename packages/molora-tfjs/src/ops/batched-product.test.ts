import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { batchedProduct } from './batched-product.js';
import { transposed } from './transpose.js';

beforeAll(() => useBackend('wasm'));

const draw = seededRandom(1);
const numbers = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => draw() - 0.5);

describe('batchedProduct on wasm', () => {
  it.each([
    [1, 3, 5, 2],
    [7, 3, 5, 2],
    [4, 1, 8, 33],
    [3, 17, 1, 9],
    [2, 64, 16, 64],
  ])('multiplies %i pairs [%i, %i] x [.., %i] as a loop does', (batch, m, k, n) => {
    const [a, b] = [numbers(batch * m * k), numbers(batch * k * n)];
    const before = [tf.memory().numTensors, tf.backend().numDataIds()];
    const found = tf.tidy(() =>
      batchedProduct(tf.tensor3d(a, [batch, m, k]), tf.tensor3d(b, [batch, k, n])).dataSync(),
    );
    expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    for (let i = 0; i < batch * m * n; i++) {
      const [entry, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
      let sum = 0;
      for (let j = 0; j < k; j++)
        sum += a[(entry * m + row) * k + j]! * b[(entry * k + j) * n + column]!;
      expect(Math.abs(found[i]! - sum)).toBeLessThan(1e-5);
    }
  });

  it('gives the same after a heap that grew in between', () => {
    const [a, b] = [numbers(6), numbers(6)];
    const product = (): number[] =>
      tf.tidy(() =>
        Array.from(batchedProduct(tf.tensor3d(a, [2, 1, 3]), tf.tensor3d(b, [2, 3, 1])).dataSync()),
      );
    const first = product();
    tf.tidy(() => tf.zeros([64 << 20]).add(1));
    expect(product()).toEqual(first);
  });
});

describe('transposed on wasm', () => {
  it.each([
    [1, 1],
    [1, 40],
    [16, 16],
    [17, 33],
    [100, 3],
  ])('turns [%i, %i]', (rows, columns) => {
    const values = numbers(rows * columns);
    const found = tf.tidy(() => transposed(tf.tensor2d(values, [rows, columns])));
    expect(found.shape).toEqual([columns, rows]);
    const data = found.dataSync();
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) expect(data[j * rows + i]).toBe(values[i * columns + j]);
    found.dispose();
  });
});
