import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdapterState } from '../adapters/adapter-spec.js';
import { useBackend } from '../test-support/backend.js';
import { observeRouter } from './observed-router.js';
import { expertRedundancy } from './redundancy.js';
import { createRouter } from './routers/index.js';
import type { RouterInput } from './routers/router.js';
import { expertUsage } from './usage.js';

beforeAll(() => useBackend('cpu'));

const projection = {
  name: 'p',
  block: 0,
  inputs: 2,
  outputs: 1,
  ranks: [1, 1],
  scalings: [1, 1],
  topK: 1,
};

/** Two inputs that are the logits of two experts. */
function input(logits: [number, number][]): RouterInput {
  const tokens = logits.length;
  return {
    projection,
    task: 0,
    x: tf.tensor2d(logits),
    hidden: tf.zeros([tokens, 2]),
    tensors: { 'p.router': tf.eye(2) },
  };
}

describe('use of experts', () => {
  it('counts picks, averages gates and tells how sure the router is', async () => {
    const router = createRouter({ name: 'top-k', options: {} });
    const logThree = Math.log(3);
    const usage = await expertUsage(
      router.route(
        input([
          [logThree, 0],
          [0, logThree],
          [logThree, 0],
        ]),
      ),
    );
    expect(usage.picks.map((share) => share * 3)).toEqual([2, 1]);
    expect(usage.gates[0]).toBeCloseTo(2 / 3, 6);
    // Every token has p = 3/4 and 1/4.
    const bits = -(0.75 * Math.log2(0.75) + 0.25 * Math.log2(0.25));
    expect(usage.entropy).toBeCloseTo(bits, 6);
  });

  it('a watched router routes the same and reports mean gates since the last look', () => {
    const router = createRouter({ name: 'soft', options: {} });
    const watched = observeRouter(router);
    const first = input([[Math.log(3), 0]]);
    const second = input([
      [0, 0],
      [0, 0],
    ]);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      expect([...watched.router.route(first).gates.dataSync()]).toEqual([
        ...router.route(first).gates.dataSync(),
      ]);
      watched.router.route(second);
    });
    const { p } = watched.take();
    expect(p!.dataSync()[0]).toBeCloseTo((0.75 + 0.5 + 0.5) / 3, 6);
    p!.dispose();
    expect(watched.take()).toEqual({});
    expect(tf.memory().numTensors).toBe(before);
  });

  it('watching does not touch gradients', () => {
    const router = createRouter({ name: 'soft', options: {} });
    const watched = observeRouter(router);
    const gradientThrough = (used: typeof router) =>
      tf.tidy(() => {
        const { x, ...others } = input([[0.3, -0.2]]);
        const loss = (x: tf.Tensor) =>
          tf.sum(tf.square(used.route({ ...others, x: x as tf.Tensor2D }).gates));
        return [...tf.grad(loss)(x).dataSync()];
      });
    expect(gradientThrough(watched.router)).toEqual(gradientThrough(router));
    tf.dispose(watched.take());
  });
});

describe('redundancy of experts', () => {
  it('is the mean Frobenius norm of the differences of their updates', () => {
    // Updates A_e B_e, times 2: [[2, 0], [0, 0]], [[0, 0], [2, 2]] of rank 1, and zero of rank 2.
    const state: AdapterState = {
      spec: {
        router: { name: 'top-k', options: {} },
        dropout: 0,
        projections: [
          {
            name: 'p',
            block: 0,
            inputs: 2,
            outputs: 2,
            topK: 1,
            ranks: [1, 1, 2],
            scalings: [2, 2, 2],
          },
          {
            name: 'single',
            block: 0,
            inputs: 2,
            outputs: 2,
            topK: 1,
            ranks: [1],
            scalings: [2],
          },
        ],
      },
      tensors: {
        'p.lora_A': { shape: [2, 4], values: Float32Array.of(1, 0, 1, 1, 0, 1, 1, 1) },
        'p.lora_B': { shape: [4, 2], values: Float32Array.of(1, 0, 1, 1, 0, 0, 0, 0) },
      },
    };
    const distances = [Math.sqrt(4 + 4 + 4), Math.sqrt(4), Math.sqrt(4 + 4)];
    const mean = distances.reduce((a, b) => a + b) / 3;
    const redundancy = expertRedundancy(state);
    expect(Object.keys(redundancy)).toEqual(['p']);
    expect(redundancy['p']).toBeCloseTo(mean, 12);
  });

  it('says which tensor is missing', () => {
    const spec = { projections: [projection], router: { name: 'soft', options: {} }, dropout: 0 };
    expect(() => expertRedundancy({ spec, tensors: {} })).toThrow(/p\.lora_A/);
  });
});
