import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdaptedProjection } from '../adapters/adapter-spec.js';
import { useBackend } from '../test-support/backend.js';
import { adaptedProjection } from './adapted-projection.js';
import { dropoutMask } from './dropout.js';
import { createRouter } from './routers/index.js';

beforeAll(() => useBackend('cpu'));

function dropped(rate: number, seed: number, name = 'q'): number[] {
  return tf.tidy(() => [...dropoutMask([40, 50], { rate, seed, name })!.dataSync()]);
}

describe('dropout', () => {
  it('zeroes a share of the inputs and scales the rest, so that the mean stays', () => {
    const values = dropped(0.25, 1);
    const zeros = values.filter((value) => value === 0).length;
    // Binomial: 2000 draws, standard deviation 19.
    expect(Math.abs(zeros - 500)).toBeLessThan(80);
    for (const value of values) if (value !== 0) expect(value).toBeCloseTo(4 / 3, 6);
  });

  it.each([0.02, 0.3, 0.8])(
    'drops each input with the probability %d, whatever was dropped before',
    (rate) => {
      const zeros = dropped(rate, 5).map((value) => (value === 0 ? 1 : 0));
      const share = (values: readonly number[]): number =>
        values.reduce<number>((sum, value) => sum + value, 0) / values.length;
      const near = (found: number, count: number): void =>
        expect(Math.abs(found - rate)).toBeLessThan(4.5 * Math.sqrt((rate * (1 - rate)) / count));
      near(share(zeros), zeros.length);
      // Those behind one that was dropped, and those behind one that was kept.
      for (const before of [0, 1]) {
        const behind = zeros.filter((_, i) => i > 0 && zeros[i - 1] === before);
        near(share(behind), behind.length);
      }
      near(share(zeros.filter((_, i) => i % 50 === 0)), zeros.length / 50);
    },
  );

  it('is the same when a pass is computed again, and another for other seeds and projections', () => {
    expect(dropped(0.5, 7)).toEqual(dropped(0.5, 7));
    expect(dropped(0.5, 7)).not.toEqual(dropped(0.5, 8));
    expect(dropped(0.5, 7)).not.toEqual(dropped(0.5, 7, 'k'));
  });

  it('reaches the experts with one mask and neither the router nor the base', () => {
    const projection: AdaptedProjection = {
      name: 'q',
      block: 0,
      inputs: 3,
      outputs: 2,
      ranks: [1, 1],
      scalings: [1, 1],
      topK: 2,
    };
    const router = createRouter({ name: 'soft', options: {} });
    tf.tidy(() => {
      const kernel = tf.ones<tf.Rank.R2>([3, 2]);
      const base = { kernel };
      const x = tf.tensor2d([1, 2, 4, 8, 16, 32], [2, 3]);
      const tensors = {
        'q.lora_A': tf.ones([3, 2]),
        // The first expert answers in the first output, the second in the second.
        'q.lora_B': tf.eye(2),
        'q.router': tf.tensor2d([0.01, 0, 0, 0.02, 0, 0], [3, 2]),
      };
      const pass = (training: boolean) =>
        adaptedProjection(x, base, projection, tensors, {
          router,
          training,
          dropout: 0.5,
          seed: 3,
        });
      const [training, evaluation] = [pass(true), pass(false)];
      const gates = [...training.routing!.gates.dataSync()];
      expect(gates).toEqual([...evaluation.routing!.gates.dataSync()]);
      const sums = [7, 7, 56, 56];
      const answers = [...training.output.dataSync()].map((y, i) => (y - sums[i]!) / gates[i]!);
      const mask = dropoutMask([2, 3], { rate: 0.5, seed: 3, name: 'q' })!;
      const seen = x.mul<tf.Tensor2D>(mask).arraySync();
      expect(seen).not.toEqual(x.arraySync());
      seen.forEach((row, t) => {
        const expected = row.reduce((sum, value) => sum + value, 0);
        expect(answers[2 * t]).toBeCloseTo(expected, 3);
        expect(answers[2 * t + 1]).toBeCloseTo(expected, 3);
      });
    });
  });
});
