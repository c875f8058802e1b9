/** AdamW, calculated by hand. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { adamW } from './adamw.js';

const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };

beforeAll(() => useBackend(inject('backend')));

describe('AdamW', () => {
  it('takes two steps as calculated by hand', async () => {
    const weight = tf.variable(tf.tensor1d([1]), true, 'w');
    const optimizer = adamW([weight], options);
    // m / (1 - 0.9) = g and v / (1 - 0.999) = g^2: a first step goes by the learning rate.
    // 1 * (1 - 0.1 * 0.01) - 0.1 * 0.5 / 0.5
    optimizer.apply({ w: tf.tensor1d([0.5]) }, 0.1);
    expect((await weight.data())[0]).toBeCloseTo(0.899, 6);
    // m = 0.9 * 0.05 - 0.1 = -0.055, over 0.19: -0.2894737
    // v = 0.999 * 0.00025 + 0.001 = 0.00124975, over 0.001999: 0.6251876, its root 0.7906880
    // 0.899 * 0.999 + 0.1 * 0.2894737 / 0.7906880 = 0.898101 + 0.0366103
    optimizer.apply({ w: tf.tensor1d([-1]) }, 0.1);
    expect((await weight.data())[0]).toBeCloseTo(0.9347113, 6);
    const state = await optimizer.state();
    expect(state.updates).toEqual({ w: 2 });
    expect(state.first['w']!.values[0]).toBeCloseTo(-0.055, 7);
    expect(state.second['w']!.values[0]).toBeCloseTo(0.00124975, 9);
  });

  it('leaves variables without a gradient alone, and counts their updates from the first', async () => {
    const [a, b] = ['a', 'b'].map((name) => tf.variable(tf.tensor1d([1, 2]), true, name));
    const optimizer = adamW([a!, b!], options);
    for (let i = 0; i < 3; i++) optimizer.apply({ a: tf.tensor1d([1, 1]) }, 0.1);
    expect([...(await b!.data())]).toEqual([1, 2]);
    expect((await optimizer.state()).updates).toEqual({ a: 3 });
    optimizer.apply({ b: tf.tensor1d([1, -1]) }, 0.1);
    // A first step: by the learning rate, down and up, after the decay.
    expect((await b!.data())[0]).toBeCloseTo(0.999 - 0.1, 6);
    expect((await b!.data())[1]).toBeCloseTo(1.998 + 0.1, 6);
  });

  it('gives some variables a rate and a decay of their own', async () => {
    const variables = ['plain', 'slow', 'gain', 'still'].map((name) =>
      tf.variable(tf.tensor1d([1]), true, name),
    );
    const groups = {
      slow: { learningRateFactor: 0.5, weightDecay: 0.1 },
      gain: { weightDecay: 0 },
      still: { learningRateFactor: 0 },
    };
    const optimizer = adamW(variables, { ...options, groups });
    const gradients = variables.map(({ name }) => [name, tf.tensor1d([1])]);
    optimizer.apply(Object.fromEntries(gradients), 0.1);
    // First steps, each by its learning rate after its decay.
    const expected = [0.999 - 0.1, 0.995 - 0.05, 0.9, 1];
    for (const [i, variable] of variables.entries())
      expect((await variable.data())[0]).toBeCloseTo(expected[i]!, 6);
    expect(Object.keys((await optimizer.state()).updates)).toHaveLength(4);
    tf.dispose(variables);
  });

  it('refuses groups of no variable, and values below zero', () => {
    const weight = tf.variable(tf.zeros([2]), true, 'grouped');
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' });
    for (const groups of [
      { other: {} },
      { grouped: { learningRateFactor: -1 } },
      { grouped: { weightDecay: Number.NaN } },
    ])
      expect(() => adamW([weight], { ...options, groups })).toThrow(refused);
    weight.dispose();
  });

  it('goes on from its state bit for bit', async () => {
    const gradient = (i: number) => ({ x: tf.tensor1d([Math.sin(i), Math.cos(3 * i)]) });
    const straight = tf.variable(tf.tensor1d([0.3, -0.7]), true, 'x');
    const optimizer = adamW([straight], options);
    for (let i = 0; i < 5; i++) optimizer.apply(gradient(i), 0.01);
    const [state, values] = [await optimizer.state(), await straight.data()];
    const kept = JSON.stringify([...values]);
    for (let i = 5; i < 10; i++) optimizer.apply(gradient(i), 0.01);
    const expected = [...(await straight.data())];
    straight.dispose();

    const resumed = tf.variable(tf.tensor1d(JSON.parse(kept)), true, 'x');
    const second = adamW([resumed], options, state);
    for (let i = 5; i < 10; i++) second.apply(gradient(i), 0.01);
    expect([...(await resumed.data())]).toEqual(expected);
    expect(await second.state()).toEqual(await optimizer.state());
  });

  it('holds two tensors a variable, and gives them back', () => {
    const weight = tf.variable(tf.zeros([3, 2]), true, 'leak');
    const gradient = tf.ones([3, 2]);
    const optimizer = adamW([weight], options);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) optimizer.apply({ leak: gradient }, 0.1);
    expect(tf.memory().numTensors).toBe(before + 2);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses the state of other variables and gradients of none', async () => {
    const weight = tf.variable(tf.zeros([2]), true, 'here');
    const values = (shape: number[]) => ({ shape, values: new Float32Array(2) });
    const state = (name: string, shape: number[]) => ({
      updates: { [name]: 1 },
      first: { [name]: values(shape) },
      second: { [name]: values([2]) },
    });
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' });
    expect(() => adamW([weight], options, state('there', [2]))).toThrow(refused);
    expect(() => adamW([weight], options, state('here', [1, 2]))).toThrow(refused);
    expect(() => adamW([weight], options).apply({ there: weight }, 1)).toThrow(refused);
  });
});
