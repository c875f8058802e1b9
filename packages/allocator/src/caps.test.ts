/** No LoRA has a higher rank than the smaller side of its matrix, whatever the policy and the budget. */
import type { Allocation } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { type AllocateOptions, allocate } from './allocate.js';
import { definePolicy } from './define-policy.js';
import { type Layer, layersFromScores } from './layers.js';
import { policies } from './policies/index.js';
import { uniform } from './policies/uniform.js';
import { roundings } from './rounding/index.js';

/** Ranks of at most 2 and 8: 10 and 16 parameters each. */
const layers = layersFromScores([
  { name: '0.k', block: 0, role: 'k_proj', inputs: 8, outputs: 2, score: 3 },
  { name: '0.q', block: 0, role: 'q_proj', inputs: 8, outputs: 8, score: 3 },
]);

async function ranksOf(budget: AllocateOptions['budget'], more: Partial<AllocateOptions> = {}) {
  const given = { unit: 'rank', per: 'projection', ...budget } as const;
  return ranks(await allocate({ layers, policy: uniform, ...more, budget: given }));
}

const ranks = ({ projections }: Allocation): number[] => projections!.map(({ rank }) => rank!);

describe('ranks per projection', () => {
  it('go to others where one can take no more, and say which', async () => {
    const budget = { unit: 'rank', per: 'projection', total: 8 } as const;
    const allocation = await allocate({ layers, policy: uniform, budget });
    expect(ranks(allocation)).toEqual([2, 6]);
    expect(allocation.projections!.map(({ cap }) => cap)).toEqual([2, undefined]);
  });

  it.each([
    ['units', 10, [2, 8]],
    // 20 for two of k_proj leave 80 for five of q_proj.
    ['parameters', 100, [2, 5]],
    ['parameters', 148, [2, 8]],
    ['average', 5, [2, 8]],
  ] as const)('keep to a total in %s of %d', async (measure, total, expected) => {
    expect(await ranksOf({ measure, total })).toEqual(expected);
  });

  it.each([
    ['units', 11, 'lower the total to 10', { total: 11, smallest: 2, largest: 10 }],
    ['parameters', 149, 'lower the total to 148', { total: 149, smallest: 26, largest: 148 }],
    ['average', 5.5, 'lower the average to 5', { total: 5.5, smallest: 1, largest: 5 }],
  ] as const)('refuse a total in %s of %d', async (measure, total, message, details) => {
    await expect(ranksOf({ measure, total })).rejects.toMatchObject({
      code: 'INFEASIBLE_BUDGET',
      details,
      message: expect.stringMatching(new RegExp(`smaller side of its matrix: ${message}$`)),
    });
  });

  it('combine with max and min', async () => {
    expect(await ranksOf({ total: 6, max: 4 })).toEqual([2, 4]);
    await expect(ranksOf({ total: 7, max: 4 })).rejects.toThrow('to 6 or raise max');
    await expect(ranksOf({ total: 8, min: 3 })).rejects.toMatchObject({
      code: 'INFEASIBLE_BUDGET',
      details: { min: 3, max: 2 },
      message: 'min 3 is above 2, the largest rank that 0.k can have: lower min to 2',
    });
  });

  it.each(roundings)('keep to it under the rounding %s', async (rounding) => {
    const given = await ranksOf({ total: 9, min: 1 }, { rounding });
    expect(given).toEqual([2, 7]);
  });

  it.each(policies.names())('keep to it by the policy %s', async (name) => {
    const policy = await policies.load(name);
    if (!policy.traits.resources.includes('rank')) return;
    const sides = [1, 2, 3, 5, 8, 13, 21, 34];
    const many = layersFromScores(
      sides.map((side, i) => ({
        name: `${i}.q`,
        block: i,
        inputs: side,
        outputs: 40,
        score: 9 - i,
      })),
    );
    const given = await ranksOf({ total: 60 }, { layers: many, policy });
    for (const [i, side] of sides.entries()) {
      expect(given[i]).toBeGreaterThanOrEqual(1);
      expect(given[i]).toBeLessThanOrEqual(side);
    }
    if (policy.traits.answer === 'weights') expect(given.reduce((a, b) => a + b)).toBe(60);
  });
});

describe('ranks per block', () => {
  const block = (index: number, ...shapes: [number, number][]): Layer => {
    const modules = shapes.map(([inputs, outputs], i) => ({
      name: `${index}.${i}`,
      inputs,
      outputs,
    }));
    const sum = (of: (map: { inputs: number; outputs: number }) => number): number =>
      modules.reduce((total, map) => total + of(map), 0);
    return {
      index,
      block: index,
      score: 3,
      modules,
      inputs: sum(({ inputs }) => inputs),
      outputs: sum(({ outputs }) => outputs),
      parameters: sum(({ inputs, outputs }) => inputs * outputs),
    };
  };
  const given = [block(0, [8, 8], [8, 2]), block(1, [8, 8], [8, 8])];

  it('are at most the smallest side of the block', async () => {
    const budget = { unit: 'rank', total: 9 } as const;
    const { blocks, projections } = await allocate({ layers: given, policy: uniform, budget });
    expect(blocks.map(({ rank }) => rank)).toEqual([2, 7]);
    expect(blocks.map(({ cap }) => cap)).toEqual([2, undefined]);
    expect(projections!.map(({ rank }) => rank)).toEqual([2, 2, 7, 7]);
    const more = { unit: 'rank', total: 11 } as const;
    await expect(allocate({ layers: given, policy: uniform, budget: more })).rejects.toThrow(
      'lower the total to 10',
    );
  });

  it('are free where the shapes are not known, and experts everywhere', async () => {
    const unknown = layersFromScores([1, 1]);
    const rank = { unit: 'rank', total: 90 } as const;
    const { blocks } = await allocate({ layers: unknown, policy: uniform, budget: rank });
    expect(blocks.map((one) => one.rank)).toEqual([45, 45]);
    const { experts } = await allocate({ layers: given, policy: uniform, budget: { total: 90 } });
    expect(experts).toEqual([45, 45]);
  });
});

describe('a policy of others that returns ranks', () => {
  const seen: Array<number | undefined> = [];
  const giving = (values: readonly number[]) =>
    definePolicy({
      name: 'given',
      version: '1.0.0',
      apiVersion: 1,
      traits: { resources: ['rank'], answer: 'values' },
      allocate: ({ layers: asked }) => {
        seen.push(...asked.map(({ max }) => max));
        return { values };
      },
    });

  it('sees what each layer can take, and is held to it', async () => {
    expect(await ranksOf({ total: 9 }, { policy: giving([2, 7]) })).toEqual([2, 7]);
    expect(seen).toEqual([2, 8]);
    await expect(ranksOf({ total: 9 }, { policy: giving([3, 6]) })).rejects.toMatchObject({
      code: 'POLICY_FAILED',
      message: expect.stringMatching(/largest rank that its matrices can have, and 0\.k has 3/),
    });
  });
});
