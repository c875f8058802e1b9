import { describe, expect, it } from 'vitest';
import { checkExperts, type ExpertsOptions } from './experts.js';

const check = (options: Partial<ExpertsOptions>): void =>
  checkExperts({ growthInterval: 200, ...options });
const allocation = 'allocation.json';
const experts = ['a', 'b'];

describe('what a run is to train', () => {
  it.each<[string, Partial<ExpertsOptions>]>([
    ['new experts', { allocation }],
    ['new experts with options', { allocation, dropout: 0, targets: ['q_proj'] }],
    ['a gate over trained experts', { experts }],
    ['a trained adapter', { from: 'adapter' }],
    ['a trained adapter with another dropout', { from: 'adapter', dropout: 0 }],
  ])('may be %s', (_, options) => {
    expect(() => check(options)).not.toThrow();
  });

  it.each<[string, Partial<ExpertsOptions>, RegExp]>([
    ['nothing', {}, /one of: --allocation .*; --experts .*; --from/],
    ['growth by a rule without growth', { allocation, growthRule: 'paper' }, /--dynamic-rank only/],
    ['both', { allocation, experts }, /one of: --allocation/],
    ['an adapter and an allocation', { allocation, from: 'adapter' }, /one of: --allocation/],
    ['other ranks of an adapter', { from: 'adapter', loraAlpha: 8 }, /--from, which keeps its own/],
    ['other projections of them', { experts, targets: ['q_proj'] }, /--targets has no effect/],
    ['other scalings of them', { experts, loraAlpha: 8 }, /--lora-alpha has no effect/],
    ['dropout before them', { experts, dropout: 0 }, /--dropout has no effect/],
    [
      'ranks of them that grow',
      { experts, dynamicRank: { initial: 1, target: 2, max: 3 } },
      /--dynamic-rank has no effect/,
    ],
  ])('is not %s', (_, options, message) => {
    expect(() => check(options)).toThrow(message);
  });
});
