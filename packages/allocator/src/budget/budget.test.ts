import type { Resource } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { allocate } from '../allocate.js';
import { definePolicy } from '../define-policy.js';
import type { Layer } from '../layers.js';
import { alphalora } from '../policies/alphalora.js';
import { uniform } from '../policies/uniform.js';

/** Three blocks of 100, 100 and 200 weights. */
const layers: Layer[] = [
  [1, 10, 10],
  [2, 10, 10],
  [3, 20, 10],
].map(([score, inputs, outputs], index) => ({
  index,
  block: index,
  score: score!,
  inputs: inputs!,
  outputs: outputs!,
  parameters: inputs! * outputs!,
  modules: [{ name: `${index}.w`, role: 'w', inputs: inputs!, outputs: outputs! }],
}));

/** Gives the values that it is made with. */
const giving = (resource: Resource, values: readonly number[]) =>
  definePolicy({
    name: 'given',
    version: '1',
    apiVersion: 1,
    traits: { resources: [resource], answer: 'values' },
    allocate: () => ({ values }),
  });

/** Keeps what it was told about the budget. */
function listening(resource: Resource) {
  const heard: { total?: number; min?: number; max?: number }[] = [];
  const policy = definePolicy({
    name: 'listening',
    version: '1',
    apiVersion: 1,
    traits: { resources: [resource], answer: 'values' },
    allocate: ({ budget, layers: given }) => {
      heard.push(budget);
      return { values: given.map(() => Math.max(budget.min, 0)) };
    },
  });
  return { policy, heard };
}

describe('totals', () => {
  const linear = { policy: alphalora, options: { beta: 1 }, layers };

  it('in units, also as their average per layer', async () => {
    const units = await allocate({ ...linear, budget: { total: 12 } });
    expect(units.experts).toEqual([2, 4, 6]);
    expect(units.budget).toEqual({ unit: 'experts', total: 12, min: 1 });
    const average = await allocate({ ...linear, budget: { measure: 'average', total: 4 } });
    expect(average.experts).toEqual([2, 4, 6]);
    expect(average.budget).toEqual({ unit: 'experts', measure: 'average', total: 4, min: 1 });
    // 3 x 4.4 = 13.2: 13 can be shared out.
    const more = await allocate({ ...linear, budget: { measure: 'average', total: 4.4 } });
    expect(more.experts.reduce((a, b) => a + b)).toBe(13);
  });

  it('in trainable parameters of experts with their routers', async () => {
    // Rank 2: 2 (10 + 10) + 10 = 50, 50, and 2 (20 + 10) + 20 = 80. One, two and three are 390.
    const budget = { measure: 'parameters', total: 390 } as const;
    const allocation = await allocate({ ...linear, rank: 2, budget });
    expect(allocation.experts).toEqual([1, 2, 3]);
    // The one expert needs no router of 10.
    expect(allocation.parameters).toEqual({ rank: 2, trainable: 380 });
    const less = await allocate({ ...linear, rank: 2, budget: { ...budget, total: 389 } });
    expect(less.parameters!.trainable).toBeLessThanOrEqual(389);
    expect(389 - 10 - less.parameters!.trainable).toBeLessThan(50);
  });

  it('in ranks, which have no router', async () => {
    const budget = { unit: 'rank', total: 18 } as const;
    const { blocks, experts, topK, parameters, projections } = await allocate({
      ...linear,
      budget,
    });
    expect(blocks.map(({ rank }) => rank)).toEqual([3, 6, 9]);
    expect([experts, topK]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(projections!.map(({ rank, experts: one }) => [rank, one])).toEqual([
      [3, 1],
      [6, 1],
      [9, 1],
    ]);
    // 3 * 20 + 6 * 20 + 9 * 30.
    expect(parameters).toEqual({ rank: 9, trainable: 450 });
    const same = { unit: 'rank', measure: 'parameters', total: 450 } as const;
    const again = await allocate({ ...linear, budget: same });
    expect(again.blocks.map(({ rank }) => rank)).toEqual([3, 6, 9]);
  });

  it.each([
    // An even share of 4 ranks each costs 280.
    ['parameters', 280, 12],
    ['average', 4, 12],
    ['units', 12, 12],
  ] as const)('reach policies in units: %s', async (measure, total, units) => {
    const { policy, heard } = listening('rank');
    await allocate({ policy, layers, budget: { unit: 'rank', measure, total, max: 9 } });
    expect(heard).toEqual([{ resource: 'rank', total: units, min: 1, max: 9 }]);
  });

  it('come with prices that say how a policy keeps to them', async () => {
    const seen: number[][] = [];
    const policy = definePolicy({
      name: 'listening',
      version: '1',
      apiVersion: 1,
      traits: { resources: ['rank', 'bits', 'learning-rate'], answer: 'values' },
      allocate: ({ layers: given }) => {
        seen.push(given.map(({ price }) => price));
        return { values: given.map(() => 1) };
      },
    });
    for (const budget of [
      { unit: 'rank', total: 3 },
      { unit: 'rank', measure: 'parameters', total: 70 },
      { unit: 'bits', measure: 'average', total: 1 },
      { unit: 'learning-rate' },
    ] as const) {
      await allocate({ policy, layers, budget });
    }
    // Ranks cost 20, 20 and 30 parameters; the layers have 100, 100 and 200.
    expect(seen).toEqual([
      [1, 1, 1],
      [20, 20, 30].map((cost) => cost / (70 / 3)),
      [0.75, 0.75, 1.5],
      [0, 0, 0],
    ]);
  });

  it('of bits and sparsity as an average weigh the parameters', async () => {
    // (100 * 2 + 100 * 4 + 200 * 3) / 400 = 3.
    const bits = { unit: 'bits', measure: 'average', total: 3 } as const;
    const exact = await allocate({ policy: giving('bits', [2, 4, 3]), layers, budget: bits });
    expect(exact.blocks.map(({ value }) => value)).toEqual([2, 4, 3]);
    expect(exact.projections!.map(({ value }) => value)).toEqual([2, 4, 3]);
    expect([exact.experts, exact.topK, exact.parameters]).toEqual([[], [], undefined]);
    // The policy settled the integers itself.
    expect(exact).not.toHaveProperty('rounding');
    // The plain mean is 3 as well, but the large layer has 4 of them.
    const over = allocate({ policy: giving('bits', [2, 3, 4]), layers, budget: bits });
    await expect(over).rejects.toThrow(/policy given failed: its values exceed the budget of 3/);
    const counted = { unit: 'bits', total: 9 } as const;
    await allocate({ policy: giving('bits', [2, 3, 4]), layers, budget: counted });

    const sparse = { unit: 'sparsity', measure: 'average', total: 0.5 } as const;
    // (100 * 0.9 + 100 * 0.3 + 200 * 0.4) / 400 = 0.5.
    const values = [0.9, 0.3, 0.4];
    await allocate({ policy: giving('sparsity', values), layers, budget: sparse });
    await expect(
      allocate({ policy: giving('sparsity', [0.3, 0.4, 0.9]), layers, budget: sparse }),
    ).rejects.toThrow(/exceed/);
  });

  it('make bits of weights, whose price is the size of the layer', async () => {
    const policy = definePolicy({
      name: 'even',
      version: '1',
      apiVersion: 1,
      traits: { resources: ['bits'], answer: 'weights' },
      allocate: ({ layers: given }) => ({ weights: given.map(() => 1) }),
    });
    // 4.5 * 400 = 1800: 4 each are 1600, and the 200 left make 5 of both small ones.
    const budget = { unit: 'bits', measure: 'average', total: 4.5 } as const;
    const { blocks, rounding } = await allocate({ policy, layers, budget });
    expect(rounding).toBe('largest-remainder');
    expect(blocks.map(({ value }) => value)).toEqual([5, 5, 4]);
  });

  it('are absent for multipliers', async () => {
    const budget = { unit: 'learning-rate', max: 2 } as const;
    const values = [0.5, 1, 1.5];
    const made = await allocate({ policy: giving('learning-rate', values), layers, budget });
    expect(made.blocks.map(({ value }) => value)).toEqual(values);
    expect(made.budget).toEqual({ unit: 'learning-rate', min: 0, max: 2 });
    expect(made).not.toHaveProperty('rounding');
    await expect(
      allocate({ policy: giving('learning-rate', [1, 2, 3]), layers, budget }),
    ).rejects.toThrow(/within the bounds 0 and 2, and block 2 has 3/);
  });
});

describe('budgets per projection', () => {
  const projections: Layer[] = [
    ['0.q', 0, 1],
    ['0.v', 0, 2],
    ['1.q', 1, 3],
    ['1.v', 1, 6],
  ].map(([name, block, score], index) => ({
    index,
    block: Number(block),
    score: Number(score),
    name: String(name),
    role: 'w',
    inputs: 10,
    outputs: 20,
    parameters: 200,
    modules: [{ name: String(name), role: 'w', inputs: 10, outputs: 20 }],
  }));
  const linear = { policy: alphalora, options: { beta: 1 }, layers: projections };

  it('give each projection its own number, and the block the sum', async () => {
    const made = await allocate({ ...linear, budget: { per: 'projection', total: 12, min: 0 } });
    expect(made.projections!.map(({ experts, topK, rank }) => [experts, topK, rank])).toEqual([
      [1, 1, 8],
      [2, 2, 8],
      [3, 2, 8],
      [6, 2, 8],
    ]);
    expect(made.projections![3]).toMatchObject({ name: '1.v', block: 1, score: 6, share: 0.5 });
    expect(made.experts).toEqual([3, 9]);
    expect(made.topK).toEqual([2, 2]);
    expect(made.blocks[1]).toEqual({ index: 1, score: 4.5, share: 0.75, experts: 9, topK: 2 });
    expect(made.budget.per).toBe('projection');
  });

  it('share out ranks likewise', async () => {
    const made = await allocate({
      ...linear,
      budget: { unit: 'rank', per: 'projection', total: 12 },
    });
    expect(made.projections!.map(({ rank }) => rank)).toEqual([1, 2, 3, 6]);
    expect(made.blocks.map(({ rank, experts }) => [rank, experts])).toEqual([
      [3, 1],
      [9, 1],
    ]);
  });

  it('and those per block need layers of that kind', async () => {
    await expect(
      allocate({ ...linear, layers, budget: { per: 'projection', total: 12 } }),
    ).rejects.toThrow(/block 0 is none: take the layers from layersOf/);
    await expect(allocate({ ...linear, budget: { total: 12 } })).rejects.toThrow(
      /block 0 is there twice: give each block one score, or allocate to projections by --per projection/,
    );
  });
});

describe('refusals of budgets', () => {
  const bare = layers.map(({ modules, ...layer }) => ({
    ...layer,
    inputs: 0,
    outputs: 0,
    parameters: 0,
  }));
  // One expert of rank 8 each: 8 * 20 + 10 = 170, 170, and 8 * 30 + 20 = 260.
  const parameters = { measure: 'parameters' } as const;
  it.each([
    ['an unknown unit', { unit: 'heads' as Resource, total: 1 }, /unknown unit "heads": choose/],
    ['a name of every object', { unit: 'toString' as Resource, total: 1 }, /unknown unit/],
    ['an unknown measure', { measure: 'bytes' as 'units', total: 1 }, /unknown measure "bytes"/],
    ['no total', {}, /a budget of experts needs a total/],
    ['a total of NaN', { total: Number.NaN }, /total must be a number/],
    ['half an expert', { total: 9.5 }, /total must be an integer/],
    ['half an expert at least', { total: 9, min: 0.5 }, /min must be an integer/],
    [
      'too few parameters',
      { ...parameters, total: 100 },
      /a total of 100 trainable parameters is too small for 3 blocks .* raise the total to 600/,
    ],
    [
      'too many parameters',
      { ...parameters, total: 9999, max: 2 },
      /too large .* lower the total to 1200/,
    ],
    [
      'too low an average',
      { measure: 'average', total: 0.5 } as const,
      /an average of 0.5 is too small for 3 blocks .*: raise the average to 1 or lower min/,
    ],
    [
      'too high an average',
      { measure: 'average', total: 3, max: 2 } as const,
      /an average of 3 is too large for 3 blocks .*: lower the average to 2 or raise max/,
    ],
  ])('%s', async (_, budget, message) => {
    await expect(allocate({ policy: uniform, layers, budget })).rejects.toThrow(message);
  });

  it('parameters without shapes, of what has none, or under a rounding for counts', async () => {
    const budget = { ...parameters, total: 1000 };
    await expect(allocate({ policy: uniform, layers: bare, budget })).rejects.toThrow(
      /needs the shapes of all layers, and those of layer 0/,
    );
    await expect(
      allocate({ policy: giving('bits', [1]), layers, budget: { ...budget, unit: 'bits' } }),
    ).rejects.toThrow(/bits adds no trainable parameters/);
    await expect(
      allocate({ policy: uniform, layers, budget, rounding: 'official' }),
    ).rejects.toThrow(/rounding official is for experts and ranks that are counted/);
  });

  it('a total of multipliers, and a sparsity above everything', async () => {
    const rate = { unit: 'learning-rate', total: 3 } as const;
    await expect(
      allocate({ policy: giving('learning-rate', [1, 1, 1]), layers, budget: rate }),
    ).rejects.toThrow(/factors of learning-rate have no total/);
    const all = { unit: 'sparsity', measure: 'average', total: 1.2 } as const;
    await expect(
      allocate({ policy: giving('sparsity', [1, 1, 1]), layers, budget: all }),
    ).rejects.toMatchObject({ code: 'INFEASIBLE_BUDGET' });
  });
});
