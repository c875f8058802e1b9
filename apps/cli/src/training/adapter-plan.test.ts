import * as molora from '@alphalora/molora-tfjs';
import { describe, expect, it } from 'vitest';
import { type AdapterPlanOptions, checkAdapterOptions } from './adapter-plan.js';
import type { Runtime } from './runtime.js';

const check = (options: Partial<AdapterPlanOptions>): void =>
  checkAdapterOptions({ molora } as unknown as Runtime, {
    routerSet: {},
    growthInterval: 200,
    seed: 1,
    ...options,
  });
const allocation = 'allocation.json';
const experts = ['a', 'b'];

describe('what a run is to train', () => {
  it.each<[string, Partial<AdapterPlanOptions>]>([
    ['new experts', { allocation }],
    ['new experts under a router with options', { allocation, router: 'soft', dropout: 0 }],
    ['a gate over trained experts', { experts }],
    ['the same by its name', { experts, router: 'mole', routerSet: { masked: [0] } }],
  ])('may be %s', (_, options) => {
    expect(() => check(options)).not.toThrow();
  });

  it.each<[string, Partial<AdapterPlanOptions>, RegExp]>([
    ['nothing', {}, /either --allocation .* or --experts/],
    ['both', { allocation, experts }, /not both$/],
    ['a gate over new experts', { allocation, router: 'mole' }, /two or more trained adapters/],
    [
      'trained experts that go on learning',
      { experts, router: 'soft' },
      /router mole, not by soft/,
    ],
    ['other projections of them', { experts, targets: ['q_proj'] }, /--targets has no effect/],
    ['other scalings of them', { experts, loraAlpha: 8 }, /--lora-alpha has no effect/],
    ['dropout before them', { experts, dropout: 0 }, /--dropout has no effect/],
    [
      'ranks of them that grow',
      { experts, dynamicRank: { initial: 1, target: 2, max: 3 } },
      /--dynamic-rank has no effect/,
    ],
    ['an unknown router', { allocation, router: 'dice' }, /"dice"/],
    ['a gate with a wrong option', { experts, routerSet: { masked: -1 } }, /option masked/],
  ])('is not %s', (_, options, message) => {
    expect(() => check(options)).toThrow(message);
  });
});
