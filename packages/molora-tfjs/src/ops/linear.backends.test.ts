/** What the linear maps promise. */

import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { createFrozenLinear, frozenLinear } from './frozen-linear.js';
import { matMul } from './mat-mul.js';

beforeAll(() => useBackend(inject('backend')));

describe('matMul', () => {
  it.each([
    [1, 1, 1],
    [3, 5, 2],
    [17, 33, 9],
  ])('[%i, %i] times [%i columns], with both gradients', (rows, inner, columns) => {
    tf.tidy(() => {
      const [a, b] = [random(rows, inner, 'a'), random(inner, columns, 'b')];
      const dy = random(rows, columns, 'dy');
      const { value, grads } = tf.valueAndGrads((...ab: tf.Tensor[]) =>
        matMul(ab[0] as tf.Tensor2D, ab[1] as tf.Tensor2D),
      )([toTensor(a), toTensor(b)], toTensor(dy));
      expectClose(value, product(a, b));
      expectClose(grads[0]!, product(dy, turned(b)));
      expectClose(grads[1]!, product(turned(a), dy));
    });
  });
});

describe('frozen linear map', () => {
  it.each([
    [1, 1, 1, true],
    [4, 7, 3, true],
    [19, 31, 65, false],
  ])('%i tokens, %i to %i, bias %s', (tokens, inputs, outputs, withBias) => {
    tf.tidy(() => {
      const weight = random(outputs, inputs, 'weight');
      const [bias] = withBias ? random(1, outputs, 'bias') : [undefined];
      const map = createFrozenLinear(toTensor(weight), bias && tf.tensor1d(bias));
      const [x, dy] = [random(tokens, inputs, 'x'), random(tokens, outputs, 'dy')];
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
        frozenLinear(x as tf.Tensor2D, map),
      )(toTensor(x), toTensor(dy));
      const plain = product(x, turned(weight));
      expectClose(
        value,
        plain.map((row) => row.map((y, o) => y + (bias ? bias[o]! : 0))),
      );
      expectClose(grad, product(dy, weight));
    });
  });

  it('owns its tensors', () => {
    const weight = tf.ones<tf.Rank.R2>([2, 3]);
    const bias = tf.ones<tf.Rank.R1>([2]);
    const before = tf.memory().numTensors;
    const map = createFrozenLinear(weight, bias);
    const x = tf.ones<tf.Rank.R2>([1, 3]);
    tf.dispose([weight, bias]);
    const y = frozenLinear(x, map);
    expect([...y.dataSync()]).toEqual([4, 4]);
    tf.dispose([x, y, { ...map }]);
    expect(tf.memory().numTensors).toBe(before - 2);
  });
});

function random(rows: number, columns: number, name: string): number[][] {
  const next = seededRandom(rows, name);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => Math.fround(2 * next() - 1)),
  );
}

function product(a: number[][], b: number[][]): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, v, i) => sum + v * b[i]![j]!, 0)));
}

function turned(a: number[][]): number[][] {
  return a[0]!.map((_, j) => a.map((row) => row[j]!));
}

function toTensor(a: number[][]): tf.Tensor2D {
  return tf.tensor2d(a);
}

function expectClose(found: tf.Tensor, expected: number[][]): void {
  expect(found.shape).toEqual([expected.length, expected[0]!.length]);
  const values = found.dataSync();
  expected.flat().forEach((value, i) => {
    expect(Math.abs(values[i]! - value)).toBeLessThan(1e-5);
  });
}
