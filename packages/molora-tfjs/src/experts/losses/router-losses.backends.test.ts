/** What the auxiliary losses promise. */

import { seededRandom } from '@alphalora/contracts/numbers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { createRouter } from '../routers/index.js';
import type { Routing } from '../routers/router.js';
import { createRouterLoss, routerLosses } from './index.js';
import { mutualInformation } from './mutual-information.js';

beforeAll(() => useBackend(inject('backend')));

describe('losses of routers where they can be told by hand', () => {
  const uniform = [0, 0, 0, 0];
  const sure = (expert: number) => uniform.map((_, e) => (e === expert ? 60 : 0));
  const everyExpert = [sure(0), sure(1), sure(2), sure(3)];
  const oneExpert = [sure(2), sure(2), sure(2), sure(2)];
  it.each([
    ['load-balance', 'every expert its token', everyExpert, 1],
    ['load-balance', 'all tokens to one expert', oneExpert, 4],
    ['pooled-load-balance', 'every expert its token', everyExpert, 1],
    ['pooled-load-balance', 'all tokens to one expert', oneExpert, 4],
    ['gate-balance', 'uniform', [uniform, uniform], 4 * Math.log(4)],
    ['gate-balance', 'every expert its token', everyExpert, 4 * Math.log(4)],
    ['mutual-information', 'uniform', [uniform, uniform], 0],
    ['mutual-information', 'all tokens to one expert', oneExpert, 0],
    ['mutual-information', 'every expert its token', everyExpert, -Math.log(4)],
    ['entropy', 'uniform', [uniform, uniform], 1],
    ['entropy', 'all tokens to one expert', oneExpert, 0],
  ])('%s: %s', (name, _, logits, expected) => {
    tf.tidy(() => {
      const loss = routerLosses.get(name)([routingOf(logits, 1)]);
      expect(loss.dataSync()[0]).toBeCloseTo(expected, 5);
    });
  });

  it('load balance of two projections is that of their tokens together', () => {
    // Each alone sends everything to one expert; together they are balanced.
    tf.tidy(() => {
      const [first, second] = [routingOf([[60, 0]], 1), routingOf([[0, 60]], 1)];
      const loss = routerLosses.get('load-balance');
      expect(loss([first]).dataSync()[0]).toBeCloseTo(2, 5);
      expect(loss([first, second]).dataSync()[0]).toBeCloseTo(1, 5);
    });
  });

  it('balanced with two experts per token costs 1 on the scale of MoLA, and 2 on that of MixLoRA', () => {
    // Each pair of experts once, each expert in 3 of 6 pairs; selected ones likely: P is 1/4 each.
    const pairs = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b > a).map((b) => [a, b]));
    const logits = pairs.map((pair) => [0, 1, 2, 3].map((e) => (pair.includes(e) ? 1 : 0)));
    tf.tidy(() => {
      const cost = (name: string) =>
        routerLosses
          .get(name)([routingOf(logits, 2)])
          .dataSync()[0];
      expect(cost('load-balance')).toBeCloseTo(1, 5);
      expect(cost('pooled-load-balance')).toBeCloseTo(2, 5);
    });
  });

  it('projections with other numbers of experts count by their number', () => {
    tf.tidy(() => {
      const routings = [routingOf([[60, 0]], 1), routingOf([[60, 0]], 1), routingOf(oneExpert, 1)];
      const loss = routerLosses.get('load-balance')(routings);
      expect(loss.dataSync()[0]).toBeCloseTo((2 * 2 + 4) / 3, 5);
    });
  });

  it('mutual information of tasks and experts, from a table', () => {
    // I = sum p(t, e) log(p(t, e) / (p(t) p(e))) with p(t) = 1/2.
    const rows = [
      [0.7, 0.2, 0.1],
      [0.1, 0.3, 0.6],
    ];
    let expected = 0;
    for (const row of rows) {
      row.forEach((p, e) => {
        const marginal = (rows[0]![e]! + rows[1]![e]!) / 2;
        expected += (p / 2) * Math.log(p / marginal);
      });
    }
    tf.tidy(() => {
      expect(mutualInformation(tf.tensor2d(rows)).dataSync()[0]).toBeCloseTo(expected, 6);
    });
  });
});

describe('gradients of the losses', () => {
  for (const name of routerLosses.names()) {
    it(`${name}: equal central differences of the formula in float64`, () => {
      const [tokens, experts, step] = [5, 3, 1e-5];
      const random = seededRandom(1, name);
      const logits = Array.from({ length: tokens }, () =>
        Array.from({ length: experts }, () => Math.fround(3 * random())),
      );
      const picks = picksOf(logits, 2);
      const found = tf.tidy(() => {
        const loss = createRouterLoss({ name, coefficient: 2 });
        const gradient = tf.grad((values: tf.Tensor) =>
          loss([routingFrom(values as tf.Tensor2D, 2)]),
        );
        return gradient(tf.tensor2d(logits)).dataSync();
      });
      logits.forEach((row, t) => {
        row.forEach((value, e) => {
          row[e] = value + step;
          const above = literalLoss(name, logits, picks);
          row[e] = value - step;
          const below = literalLoss(name, logits, picks);
          row[e] = value;
          const expected = (2 * (above - below)) / (2 * step);
          expect(Math.abs(found[t * experts + e]! - expected)).toBeLessThan(1e-5);
        });
      });
    });
  }
});

it('refuses what is no loss', () => {
  expect(() => createRouterLoss({ name: 'balance', coefficient: 1 })).toThrow(/load-balance/);
  expect(() => createRouterLoss({ name: 'entropy', coefficient: Number.NaN })).toThrow(/number/);
});

function routingOf(logits: number[][], topK: number): Routing {
  return routingFrom(tf.tensor2d(logits), topK);
}

/** With the identity as hidden states, the router's weights are the logits. */
function routingFrom(logits: tf.Tensor2D, topK: number): Routing {
  const [tokens, experts] = logits.shape;
  const ranks = Array.from({ length: experts }, () => 1);
  return createRouter({ name: 'top-k', options: {} }).route({
    x: tf.eye(tokens),
    hidden: tf.zeros([tokens, experts]),
    projection: {
      name: 'p',
      block: 0,
      inputs: tokens,
      outputs: 1,
      ranks,
      scalings: ranks,
      topK,
    },
    tensors: { 'p.router': logits },
    task: 0,
  });
}

/** Picks of each expert over all tokens: they are constants of the gradient. */
function picksOf(logits: number[][], k: number): number[] {
  const picks = logits[0]!.map(() => 0);
  for (const row of logits) {
    const order = row.map((_, e) => e).sort((a, b) => row[b]! - row[a]!);
    for (const e of order.slice(0, k)) picks[e]! += 1;
  }
  return picks;
}

function literalLoss(name: string, logits: number[][], picks: number[]): number {
  const rows = logits.map((row) => {
    const powers = row.map(Math.exp);
    return powers.map((power) => power / powers.reduce((a, b) => a + b));
  });
  const experts = picks.length;
  const mean = picks.map((_, e) => rows.reduce((sum, row) => sum + row[e]!, 0) / rows.length);
  const entropyOf = (p: number[]) => -p.reduce((sum, v) => sum + v * Math.log(v), 0);
  const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  const total = picks.reduce((a, b) => a + b);
  const balance = (of: number) =>
    experts * picks.reduce((sum, count, e) => sum + (count / of) * mean[e]!, 0);
  if (name === 'load-balance') return balance(total);
  if (name === 'pooled-load-balance') return balance(rows.length);
  if (name === 'gate-balance') return -Math.log(mean.reduce((product, q) => product * q, 1));
  if (name === 'mutual-information') return average(rows.map(entropyOf)) - entropyOf(mean);
  const tsallis = (p: number[]) => (1 - p.reduce((sum, v) => sum + v ** 1.1, 0)) / 0.1;
  return average(rows.map(tsallis)) / tsallis(picks.map(() => 1 / experts));
}
