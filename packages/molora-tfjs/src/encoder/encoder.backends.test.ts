/** BERT against loops in float64. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { gelu, geluTanh } from '../test-support/gelu.js';
import {
  encoderCheckpoint,
  encoderShape,
  randomEncoderWeights,
  referenceStates,
} from '../test-support/random-encoder.js';
import { encoderOf } from './encoder.js';
import { encoderStates } from './forward.js';
import { pooled } from './pooling.js';

const rows = [[1, 5, 9, 2, 16, 0, 3], [4, 4, 12], [7]];

beforeAll(() => useBackend(inject('backend')));

describe.each([
  ['gelu', gelu],
  ['gelu_new', geluTanh],
] as const)('with %s', (hidden_act, activation) => {
  it('gives the states of loops over single numbers, texts of unequal length in one batch', async () => {
    const weights = randomEncoderWeights();
    const before = tf.memory().numTensors;
    const encoder = await encoderOf(
      await encoderCheckpoint(weights, { ...encoderShape, hidden_act }),
    );
    const lengths = rows.map(({ length }) => length);
    const [states, means, firsts] = tf.tidy(() => {
      // What stands in the padding does not matter.
      const padded = rows.map((ids) => [...ids, ...new Array(7 - ids.length).fill(11)]);
      const hidden = encoderStates(encoder, tf.tensor2d(padded, [3, 7], 'int32'), lengths);
      return [
        hidden.arraySync(),
        pooled(hidden, lengths, { pooling: 'mean', unit: true }).arraySync(),
        pooled(hidden, lengths, { pooling: 'cls', unit: false }).arraySync(),
      ] as const;
    });
    for (const [row, ids] of rows.entries()) {
      const expected = referenceStates(weights, ids, activation);
      close(states[row]!.slice(0, ids.length).flat(), expected.flat());
      close(firsts[row]!, expected[0]!);
      const sums = expected[0]!.map((_, i) => expected.reduce((sum, x) => sum + x[i]!, 0));
      const length = Math.hypot(...sums);
      close(
        means[row]!,
        sums.map((sum) => sum / length),
      );
    }
    encoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function close(found: readonly number[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i]! - value)).toBeLessThan(2e-5);
}
