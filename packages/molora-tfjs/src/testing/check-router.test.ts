/** Each fault is found, by the check that names it. */
import * as tf from '@tensorflow/tfjs';
import * as v from 'valibot';
import { beforeAll, describe, expect, it } from 'vitest';
import { linearRouter } from '../experts/routers/linear.js';
import { withoutGradient } from '../experts/routers/mask.js';
import type { Router, RouterFactory, RouterTensor, Routing } from '../experts/routers/router.js';
import { useBackend } from '../test-support/backend.js';
import { checkRouter } from './check-router.js';

beforeAll(() => useBackend('cpu'));

const soft = linearRouter({ name: 'sound', route: (logits) => tf.softmax(logits) });
const sound: RouterFactory = { name: 'sound', create: () => soft };

const making = (change: Partial<Router>): RouterFactory => ({
  ...sound,
  create: () => ({ ...soft, ...change }),
});

/** Routings that are changed afterwards. */
const routing = (change: (routing: Routing, topK: number) => Partial<Routing>): RouterFactory =>
  making({
    route(input) {
      const routing = soft.route(input);
      return { ...routing, ...change(routing, input.projection.topK) };
    },
  });

const withTensor = (tensor: Partial<RouterTensor>): RouterFactory =>
  making({
    tensors: (projection) => [
      ...soft.tensors(projection),
      { suffix: '.scale', shape: [1], initial: 1, ...tensor },
    ],
  });

let calls = 0;
const kept: tf.Tensor[] = [];

const bad: ReadonlyArray<[fault: string, check: string, factory: RouterFactory]> = [
  ['has a name of two words', 'shape', { ...sound, name: 'two words' }],
  ['makes a router of another name', 'shape', making({ name: 'other' })],
  [
    'has an option without a default',
    'shape',
    { ...sound, options: v.strictObject({ beta: v.number() }) },
  ],
  [
    'does not say whether it trains experts',
    'shape',
    making({ trainsExperts: undefined as never }),
  ],
  ['has a suffix without a dot', 'tensors', withTensor({ suffix: 'scale' })],
  ['has a suffix twice', 'tensors', withTensor({ suffix: '' })],
  ['has a tensor without elements', 'tensors', withTensor({ shape: [0] })],
  ['begins at NaN', 'tensors', withTensor({ initial: Number.NaN })],
  [
    'throws',
    'routes',
    making({
      route: () => {
        throw new TypeError('undefined is not a function');
      },
    }),
  ],
  [
    'has gates for some tokens only',
    'routes',
    routing(({ gates }) => ({ gates: tf.slice(gates, [1, 0], [-1, -1]) })),
  ],
  ['divides by zero', 'finite', routing(({ gates }) => ({ gates: tf.div(gates, 0) }))],
  ['remembers', 'determinism', routing(({ logits }) => ({ logits: tf.add(logits, ++calls) }))],
  [
    'has probabilities that are none',
    'probabilities',
    routing(({ probabilities }) => ({ probabilities: tf.mul(probabilities, 2) })),
  ],
  ['has gates below zero', 'gates', routing(({ gates }) => ({ gates: tf.sub(gates, 0.3) }))],
  [
    'gives fewer experts for a larger topK',
    'selection',
    routing(({ gates, logits }, topK) => {
      const [tokens, experts] = logits.shape;
      const open = Array.from({ length: experts }, (_, i) => (i < experts - topK + 1 ? 1 : 0));
      return { gates: tf.mul(gates, tf.tile(tf.tensor2d([open]), [tokens, 1])) };
    }),
  ],
  [
    'looks at the other tokens',
    'independence',
    routing(({ gates }) => ({ gates: tf.add(gates, tf.mean(gates, 0, true)) })),
  ],
  [
    'disposes of what it is given',
    'input unchanged',
    making({
      route(input) {
        input.hidden.dispose();
        return soft.route(input);
      },
    }),
  ],
  [
    'keeps what it has computed',
    'memory',
    routing(({ logits }) => {
      kept.push(tf.keep(tf.mul(logits, 1)));
      return {};
    }),
  ],
  ['does not use a tensor', 'gradients', withTensor({})],
  [
    'lets no gradient through',
    'gradients',
    routing(({ gates }) => ({ gates: withoutGradient(gates, tf.square) })),
  ],
  ['takes any option', 'unknown option', { ...sound, options: v.object({}) }],
];

describe('a bad router', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, factory) => {
    const failed = (await checkRouter(factory)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
    tf.dispose(kept.splice(0));
  });
});

it('passes a sound one in full', async () => {
  const checks = await checkRouter(sound);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
});
