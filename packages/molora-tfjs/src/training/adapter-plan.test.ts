import { type Allocation, defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { projection, stateOf } from '../test-support/adapters.js';
import { adapterPlan, plannedRouter } from './adapter-plan.js';

describe('the router of a run', () => {
  it.each([
    ['new', {}, { name: 'top-k', options: {} }],
    ['new', { name: 'soft' }, { name: 'soft', options: {} }],
    ['trained', {}, { name: 'mole', options: {} }],
    ['trained', { options: { masked: [0] } }, { name: 'mole', options: { masked: [0] } }],
  ] as const)('of %s experts, where %j is asked for', (experts, given, router) => {
    expect(plannedRouter(given, experts)).toEqual(router);
  });

  it.each([
    ['a gate over new experts', 'new', { name: 'mole' }, /two or more trained adapters/],
    ['one that trains experts', 'trained', { name: 'soft' }, /router mole, not by soft/],
    ['an unknown one', 'new', { name: 'dice' }, /"dice"/],
    ['a gate with a wrong option', 'trained', { options: { masked: -1 } }, /option masked/],
  ] as const)('is not %s', (_, experts, given, message) => {
    expect(() => plannedRouter(given, experts)).toThrow(message);
  });
});

describe('the adapter of a run', () => {
  const weights = [0, 1].map(
    (block): WeightDescription => ({
      name: `model.layers.${block}.self_attn.q_proj.weight`,
      kind: 'projection',
      block,
      role: 'q_proj',
      shape: [8, 8],
      dtype: 'F32',
    }),
  );
  const allocation: Allocation = {
    schemaVersion: 1,
    kind: 'allocation',
    policy: { name: 'by hand', version: '1', options: {} },
    budget: { unit: 'experts', total: 5 },
    blocks: [
      { index: 0, score: 1, experts: 2, topK: 2 },
      { index: 1, score: 1, experts: 3, topK: 2 },
    ],
    experts: [2, 3],
    topK: [2, 2],
  };
  const router = { name: 'top-k', options: {} };

  it('has the experts of the allocation, which follow from the seed', () => {
    const { initial, dynamic } = adapterPlan({ allocation, alpha: 4 }, weights, router, 3);
    expect(dynamic).toBeUndefined();
    const { projections, dropout } = initial.spec;
    expect(projections.map(({ scalings }) => scalings)).toEqual([
      [0.5, 0.5],
      [0.5, 0.5, 0.5],
    ]);
    expect(dropout).toBe(0.05);
    expect(adapterPlan({ allocation, alpha: 4 }, weights, router, 3)).toEqual({ initial });
    expect(adapterPlan({ allocation, alpha: 4 }, weights, router, 4)).not.toEqual({ initial });
  });

  it('has the largest ranks from the start where ranks grow', () => {
    const dynamicRank = { initial: 1, target: 2, max: 4 };
    const { initial, dynamic } = adapterPlan({ allocation, dynamicRank }, weights, router, 3);
    expect(initial.spec.projections.map(({ ranks }) => ranks)).toEqual([
      [4, 4],
      [4, 4, 4],
    ]);
    expect(Object.values(dynamic!.ranks())).toEqual([
      [1, 1],
      [1, 1, 1],
    ]);
    const scalingOf = (router: AdapterSpec['router'], alpha?: number) =>
      adapterPlan({ allocation, dynamicRank, ...defined({ alpha }) }, weights, router, 3).initial
        .spec.projections[0]!.scalings[0];
    expect(scalingOf(router)).toBe(2);
    expect(scalingOf(router, 2)).toBe(0.5);
    // The experts of ASE are not scaled.
    expect(scalingOf({ name: 'adaptive-shared', options: {} })).toBe(1);
  });

  it('joins trained adapters', () => {
    const experts = [stateOf([projection({ ranks: [2] })]), stateOf([projection({ ranks: [3] })])];
    const mole = { name: 'mole', options: {} };
    const { initial } = adapterPlan({ experts }, [], mole, 3);
    expect(initial.spec).toMatchObject({ router: mole, projections: [{ ranks: [2, 3] }] });
  });
});
