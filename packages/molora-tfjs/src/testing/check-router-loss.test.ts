/** Each fault is found, by the check that names it. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { pooled, type RouterLoss } from '../experts/losses/router-loss.js';
import { useBackend } from '../test-support/backend.js';
import { checkRouterLoss } from './check-router-loss.js';

beforeAll(() => useBackend('cpu'));

/** The mean square of probabilities: 1 where all tokens are sure. */
const sound: RouterLoss = (routings) =>
  pooled(routings, ({ probabilities }) => tf.mean(tf.square(probabilities)));

/** The same number, with twice the gradient. */
const doubled = tf.customGrad((loss) => ({
  value: tf.mul(loss as tf.Tensor, 1),
  gradFunc: (dy: tf.Tensor) => tf.mul(dy, 2),
}));

let calls = 0;
const kept: tf.Tensor[] = [];

const bad: ReadonlyArray<[fault: string, check: string, loss: RouterLoss]> = [
  [
    'has a number for each expert',
    'scalar',
    ([routing]) => tf.mean(routing!.probabilities, 0) as tf.Tensor as tf.Scalar,
  ],
  [
    'takes logarithms of zero',
    'finite',
    (routings) => pooled(routings, ({ probabilities }) => tf.neg(tf.mean(tf.log(probabilities)))),
  ],
  ['remembers', 'determinism', (routings) => tf.add<tf.Scalar>(sound(routings), ++calls)],
  [
    'counts the first projection twice',
    'order',
    (routings) => tf.add<tf.Scalar>(sound(routings), sound(routings.slice(0, 1))),
  ],
  ['has a gradient of its own', 'gradients', (routings) => doubled(sound(routings)) as tf.Scalar],
  [
    'has no finite gradient where probabilities underflow',
    'finite gradients',
    (routings) => pooled(routings, ({ probabilities }) => tf.mean(tf.sqrt(probabilities))),
  ],
  [
    'disposes of what it is given',
    'input unchanged',
    (routings) => {
      const loss = sound(routings);
      for (const { gates } of routings) gates.dispose();
      return loss;
    },
  ],
  [
    'keeps what it has computed',
    'memory',
    (routings) => {
      const loss = sound(routings);
      kept.push(tf.keep(tf.mul(loss, 1)));
      return loss;
    },
  ],
];

describe('a bad router loss', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, loss) => {
    const failed = (await checkRouterLoss('bad', loss)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
    tf.dispose(kept.splice(0));
  });
});

it('passes a sound one in full', async () => {
  const checks = await checkRouterLoss('sound', sound);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
});
