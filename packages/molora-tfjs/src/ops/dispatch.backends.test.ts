/** Tokens through a mixture of experts, against a loop over single tokens. */
import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { combined, dispatch, tokensOfExperts } from './dispatch.js';

beforeAll(() => useBackend(inject('backend')));

type Rows = number[][];

function random(rows: number, columns: number, name: string): Rows {
  const next = seededRandom(rows, name);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => 2 * next() - 1));
}

/** 1 at the experts of each token. */
function maskOf(choices: readonly number[][], experts: number): Rows {
  return choices.map((own) => Array.from({ length: experts }, (_, e) => Number(own.includes(e))));
}

/** Each expert squares what it takes and multiplies it by its number and one. */
function mixture(x: tf.Tensor2D, gates: tf.Tensor2D, mask: tf.Tensor2D, perToken: number) {
  const way = dispatch(mask, perToken);
  const outputs = tokensOfExperts(x, way).flatMap((own, e) =>
    own ? [own.x.square().mul<tf.Tensor2D>(e + 1)] : [],
  );
  return combined(outputs, gates, way);
}

describe.each<[string, number[][], number]>([
  ['one expert a token', [[2], [0], [2], [1]], 4],
  [
    'two experts a token, one of whom nobody chose',
    [
      [0, 3],
      [3, 1],
      [0, 1],
      [1, 3],
      [0, 3],
    ],
    4,
  ],
  [
    'all experts',
    [
      [0, 1],
      [1, 0],
      [0, 1],
    ],
    2,
  ],
  ['one token, as when a text is continued', [[1, 4]], 5],
  ['all tokens to the same one', [[1], [1], [1]], 3],
])('%s', (_, choices, experts) => {
  const tokens = choices.length;
  const perToken = choices[0]!.length;
  const [x, gates, dy] = [
    random(tokens, 3, 'x'),
    random(tokens, experts, 'gates'),
    random(tokens, 3, 'dy'),
  ];

  it('gives the weighed sum of what the chosen ones give, and both gradients', () => {
    tf.tidy(() => {
      const mask = tf.tensor2d(maskOf(choices, experts));
      const { value, grads } = tf.valueAndGrads((x: tf.Tensor, gates: tf.Tensor) =>
        mixture(x as tf.Tensor2D, gates as tf.Tensor2D, mask, perToken),
      )([tf.tensor2d(x), tf.tensor2d(gates)], tf.tensor2d(dy));
      const sums = (of: (token: number, expert: number, i: number) => number): Rows =>
        choices.map((own, token) =>
          [0, 1, 2].map((i) => own.reduce((s, e) => s + of(token, e, i), 0)),
        );
      expectClose(
        value,
        sums((t, e, i) => gates[t]![e]! * (e + 1) * x[t]![i]! ** 2),
      );
      expectClose(
        grads[0]!,
        sums((t, e, i) => gates[t]![e]! * (e + 1) * 2 * x[t]![i]! * dy[t]![i]!),
      );
      expectClose(
        grads[1]!,
        choices.map((own, t) =>
          Array.from({ length: experts }, (_, e) =>
            own.includes(e)
              ? x[t]!.reduce((sum, xi, i) => sum + (e + 1) * xi ** 2 * dy[t]![i]!, 0)
              : 0,
          ),
        ),
      );
    });
  });

  it('leaves experts alone that nobody chose', () => {
    tf.tidy(() => {
      const mask = tf.tensor2d(maskOf(choices, experts));
      const parts = tokensOfExperts(tf.tensor2d(x), dispatch(mask, perToken));
      const expected = Array.from({ length: experts }, (_, e) => {
        const tokens = x.flatMap((_, token) => (choices[token]!.includes(e) ? [token] : []));
        if (tokens.length === 0) return undefined;
        return { tokens, x: tokens.map((token) => x[token]!.map(Math.fround)) };
      });
      const found = parts.map(
        (part) => part && { tokens: [...part.tokens], x: part.x.arraySync() },
      );
      expect(found).toEqual(expected);
    });
  });
});

function expectClose(found: tf.Tensor, expected: Rows): void {
  expect(found.shape).toEqual([expected.length, expected[0]!.length]);
  const values = found.dataSync();
  expected.flat().forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 5);
  });
}
