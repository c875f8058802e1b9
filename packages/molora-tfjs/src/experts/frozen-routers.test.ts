/** Routers that select one expert: that they learn nothing, and that it is said. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { projection } from '../test-support/adapters.js';
import { frozenRouterNote } from './frozen-routers.js';
import { createRouter } from './routers/index.js';

const topK = { name: 'top-k', options: {} };
const one = projection({ ranks: [1, 1, 1], topK: 1 });
const two = projection({ name: 'model.layers.1.self_attn.q_proj', ranks: [1, 1, 1], topK: 2 });
const plain = projection({ name: 'model.layers.2.self_attn.q_proj', ranks: [1] });

describe('routers that select one expert', () => {
  it.each([
    [1, false],
    [2, true],
  ])('with top-k %d: a gradient of the gates reaches them: %s', (count, reaches) => {
    const router = createRouter(topK);
    const x = tf.tensor2d([0.3, -1, 0.5, 2, 0.1, -0.7], [2, 3]);
    const gradient = tf.grad((weight) => {
      const { gates } = router.route({
        ...{ x, hidden: tf.zeros([2, 3]), task: 0 },
        projection: { ...one, topK: count },
        tensors: { [`${one.name}.router`]: weight },
      });
      return gates.mul(tf.tensor2d([1, 5, -2], [1, 3])).sum();
    })(tf.tensor2d([0.2, -0.4, 0.1, 0.9, 0.3, -0.8, 0.5, 0.6, -0.1], [3, 3]));
    expect(gradient.abs().max().dataSync()[0]! > 1e-6).toBe(reaches);
  });

  it('are told, unless a loss of their own teaches them', () => {
    const spec = { projections: [one, two, plain], router: topK };
    expect(frozenRouterNote(spec, undefined)).toMatch(
      /^the routers of 1 of 3 projections select 1 of several experts.*do not learn/,
    );
    expect(frozenRouterNote(spec, { name: 'load-balance', coefficient: 0.001 })).toBeUndefined();
    expect(frozenRouterNote({ ...spec, projections: [two, plain] }, undefined)).toBeUndefined();
    const soft = { ...spec, router: { name: 'soft', options: {} } };
    expect(frozenRouterNote(soft, undefined)).toBeUndefined();
  });
});
