import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { gradientFault } from '../testing/gradients.js';
import { activated } from './activation.js';
import { layerNorm } from './layer-norm.js';

beforeAll(() => useBackend(inject('backend')));

it('normalises rows, with the numbers of torch.nn.functional.layer_norm', () => {
  tf.tidy(() => {
    const y = layerNorm(
      tf.tensor2d([
        [1, 2, 4, 7],
        [0.5, -0.5, 0.25, 0],
      ]),
      tf.tensor1d([1, 0.5, -2, 3]),
      tf.tensor1d([0, 1, -1, 0.25]),
      1e-5,
    );
    // layer_norm(x, (4,), gain, bias, 1e-5) of torch 2.6.
    const expected = [
      -1.091088, 0.672673, -1.436435, 4.832571, 1.183173, 0.239389, -2.014148, -0.257074,
    ];
    for (const [i, value] of [...y.dataSync()].entries())
      expect(value).toBeCloseTo(expected[i]!, 5);
  });
});

it('has the gradients that differences show', () => {
  tf.tidy(() => {
    const x = tf
      .tensor2d([
        [1, 2, 4, 7],
        [0.5, -0.5, 0.25, 0],
      ])
      .div<tf.Tensor2D>(4);
    const weights = tf.tensor2d([
      [1, -1, 0.5, 2],
      [0.3, 1.5, -0.7, 1],
    ]);
    const [gain, bias] = [tf.tensor1d([1, 0.5, -2, 3]), tf.tensor1d([0, 1, -1, 2])];
    const norm = ({ x }: { x?: tf.Tensor }) => layerNorm(x as tf.Tensor2D, gain, bias, 0.1);
    expect(gradientFault((t) => norm(t).mul(weights).sum(), { x })).toBeUndefined();
    for (const name of ['gelu', 'gelu-tanh', 'silu'] as const) {
      const unit = ({ x }: { x?: tf.Tensor }) => activated(x as tf.Tensor2D, name);
      expect(gradientFault((t) => unit(t).mul(weights).sum(), { x })).toBeUndefined();
    }
  });
});
