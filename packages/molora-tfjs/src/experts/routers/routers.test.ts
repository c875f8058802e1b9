import * as tf from '@tensorflow/tfjs';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AdaptedProjection } from '../../adapters/adapter-spec.js';
import { useBackend } from '../../test-support/backend.js';
import { createRouter, routers } from './index.js';
import { linearRouter } from './linear.js';
import type { Router, RouterFactory } from './router.js';

beforeAll(() => useBackend('cpu'));

const projection: AdaptedProjection = {
  name: 'p',
  block: 0,
  inputs: 4,
  outputs: 3,
  ranks: [1, 1, 1, 1],
  scalings: [1, 1, 1, 1],
  topK: 2,
};

/** Gates of one token whose logits are given. */
function gatesOf(router: Router, logits: number[]): number[] {
  return tf.tidy(() => {
    const experts = logits.length;
    const ones = logits.map(() => 1);
    const { gates } = router.route({
      x: tf.tensor2d([logits]),
      hidden: tf.zeros([1, experts]),
      task: 0,
      projection: { ...projection, inputs: experts, ranks: ones, scalings: ones },
      tensors: { 'p.router': tf.eye(experts) },
    });
    return [...gates.dataSync()];
  });
}

describe('routers by name', () => {
  it.each(routers.names())('%s refuses an option that it does not have', (name) => {
    expect(() => createRouter({ name, options: { temprature: 1 } })).toThrow(/"temprature"/);
  });

  it('lists what there is when asked for what there is not', () => {
    expect(() => createRouter({ name: 'top-2', options: {} })).toThrow(/top-k, soft/);
  });

  it.each([
    ['entropy', { threshold: '0.9' }, /option threshold/],
    ['entropy', { topP: 1.5 }, /from 0 to 1/],
    ['adaptive-shared', { shared: 0.5 }, /whole number/],
    ['adaptive-shared', { tasks: 0 }, /option tasks/],
    ['mole', { masked: 1 }, /option masked/],
    ['mole', { masked: [-1] }, /option masked/],
  ])('%s refuses %j', (name, options, message) => {
    expect(() => createRouter({ name, options })).toThrow(message);
  });

  it('takes one of somebody else, whose schema completes its options', () => {
    const seen: unknown[] = [];
    const uniform: RouterFactory<{ floor: number }> = {
      name: 'uniform',
      options: v.object({ floor: v.optional(v.number(), 0.5) }),
      create(options) {
        seen.push(options);
        return linearRouter({ name: 'uniform', route: (logits) => tf.onesLike(logits) });
      },
    };
    routers.add('uniform', () => uniform);
    expect(createRouter({ name: 'uniform', options: {} }).name).toBe('uniform');
    expect(seen).toEqual([{ floor: 0.5 }]);
    const refused = () => createRouter({ name: 'uniform', options: { floor: 'low' } });
    expect(refused).toThrow(/router uniform, option floor: .*"low"/);
  });

  it('refuses a schema that answers later', () => {
    const later: RouterFactory = {
      name: 'later',
      options: v.pipeAsync(
        v.unknown(),
        v.checkAsync(async () => true),
      ),
      create: () => linearRouter({ name: 'later', route: (logits) => logits }),
    };
    routers.add('later', () => later);
    expect(() => createRouter({ name: 'later', options: {} })).toThrow(/asynchronous/);
  });

  it.each([
    ['adaptive-shared', { shared: 2 }, /activates 2 of 4 experts .* 2 of them are shared/],
    ['mole', { masked: [0, 1, 2, 3] }, /leaves no expert/],
  ])('%s with %j refuses a projection that it does not fit', (name, options, message) => {
    expect(() => createRouter({ name, options }).tensors(projection)).toThrow(message);
  });

  it('adaptive-shared refuses a task that it has no router for', () => {
    const router = createRouter({ name: 'adaptive-shared', options: { tasks: 2 } });
    const pass = () =>
      router.route({
        x: tf.zeros([1, 4]),
        hidden: tf.zeros([1, 4]),
        projection,
        task: 2,
        tensors: { 'p.router': tf.zeros([4, 8]), 'p.router.task': tf.zeros([2, 4]) },
      });
    expect(pass).toThrow(/2 tasks.*task 2/);
  });
});

describe('gates that can be told by hand', () => {
  it('top-k gives equal logits to the first experts', () => {
    const router = createRouter({ name: 'top-k', options: {} });
    expect(gatesOf(router, [1, 1, 1, 1])).toEqual([0.5, 0.5, 0, 0]);
  });

  it('top-k stays finite for logits far apart', () => {
    const router = createRouter({ name: 'top-k', options: {} });
    expect(gatesOf(router, [-1e4, 1e4, -1e4, 0])).toEqual([0, 1, 0, 0]);
  });

  it('entropy uses every expert where it is undecided, else the likeliest', () => {
    const options = { threshold: 0.95, q: 1, topP: 0.75 };
    const router = createRouter({ name: 'entropy', options });
    expect(gatesOf(router, [0, 0, 0, 0])).toEqual([0.25, 0.25, 0.25, 0.25]);
    // 0.5 + 0.2 <= 0.75 < 0.5 + 0.2 + 0.16; not divided by their sum.
    const p = [0.14, 0.5, 0.16, 0.2];
    const gates = gatesOf(router, p.map(Math.log));
    expect(gates[0]).toBe(0);
    expect(gates[1]).toBeCloseTo(0.5, 6);
    expect(gates[2]).toBe(0);
    expect(gates[3]).toBeCloseTo(0.2, 6);
  });

  it('entropy keeps topK even where one expert has the mass', () => {
    const router = createRouter({ name: 'entropy', options: { threshold: 0.99, topP: 0.1 } });
    const gates = gatesOf(router, [5, 0, 1, 0]);
    expect(gates.map((gate) => gate > 0)).toEqual([true, false, true, false]);
  });

  it('a rule of somebody else routes by linear logits', () => {
    const first = linearRouter({
      name: 'first',
      route: (logits) => tf.tensor2d([Array.from(logits.dataSync(), (_, e) => (e === 0 ? 1 : 0))]),
    });
    expect(first.tensors(projection)).toEqual([
      { suffix: '', shape: [4, 4], initial: { fanIn: 4 } },
    ]);
    expect(gatesOf(first, [3, 2, 1, 0])).toEqual([1, 0, 0, 0]);
  });
});
