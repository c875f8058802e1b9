/** What the selection of experts promises. */

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { maskedSoftmax, topKMask } from './mask.js';

beforeAll(() => useBackend(inject('backend')));

describe('the mask of the k largest', () => {
  const rows = [
    [1, 3, 2, 0],
    [5, 5, 5, 5],
    [-4, -1, -3, -2],
  ];
  const expected = [
    [0, 1, 1, 0],
    [1, 1, 0, 0],
    [0, 1, 0, 1],
  ];

  it('is of the type of its values, whatever k', () => {
    tf.tidy(() => {
      for (const k of [1, 2, 3, 4, 5]) expect(topKMask(tf.tensor2d(rows), k).dtype).toBe('float32');
      expect(topKMask(tf.tensor2d(rows), 2).arraySync()).toEqual(expected);
    });
  });

  it('lets no gradient through, and the softmax under it does', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d(rows);
      const through = tf.grad((x) => topKMask(x as tf.Tensor2D, 2).sum())(logits);
      expect(through.abs().max().dataSync()[0]).toBe(0);
      // The gates of the first row are 0, s, 1 - s and 0, with s the logistic function of 3 - 2.
      const gate = (x: tf.Tensor2D) => maskedSoftmax(x, topKMask(x, 2)).slice([0, 1], [1, 1]);
      const [row] = tf
        .grad((x) => gate(x as tf.Tensor2D).sum())(logits)
        .arraySync() as number[][];
      const s = 1 / (1 + Math.exp(-1));
      for (const [i, slope] of [0, s * (1 - s), -s * (1 - s), 0].entries())
        expect(row![i]).toBeCloseTo(slope, 6);
    });
  });
});
