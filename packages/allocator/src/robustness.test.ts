import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.js';
import { layersFromScores } from './layers.js';
import { alphalora } from './policies/alphalora.js';
import { allocateRobustly } from './robustness.js';
import { counting } from './test-support/counting.js';
import { readReference } from './test-support/reference.js';

const request = {
  layers: layersFromScores([2, 3, 4]),
  policy: alphalora,
  budget: { total: 12 },
  options: { beta: 1 },
};

describe('an allocation under other scores', () => {
  it('is the plain one where there are no draws', async () => {
    expect(await allocateRobustly(request, { draws: [], without: [] })).toEqual(
      await allocate(request),
    );
  });

  it('counts how often a block changes, and by how much all do', async () => {
    // Shares of 12 by score: 2:3:4 -> 2.67, 4, 5.33 -> 3, 4, 5; 1:1:1 -> 4, 4, 4.
    const draws = [
      [2, 3, 4],
      [1, 1, 1],
      [4, 6, 8],
      [3, 3, 3],
    ];
    const { blocks, robustness } = await allocateRobustly(request, { draws, without: [] });
    expect(blocks.map((block) => block.experts)).toEqual([3, 4, 5]);
    expect(blocks.map((block) => block.robustness!.changed)).toEqual([0.5, 0, 0.5]);
    expect(blocks.map((block) => block.robustness!.experts)).toEqual([
      [3, 4],
      [4, 4],
      [4, 5],
    ]);
    expect(robustness).toEqual({ draws: 4, distance: (0 + 2 + 0 + 2) / 4 });
  });

  it('says where the blocks cannot be told apart, of any resource', async () => {
    const alike = { draws: [], without: [], homogeneity: 0.42 };
    const rank = { ...request, budget: { unit: 'rank', total: 12 } } as const;
    for (const each of [request, rank]) {
      const { notes } = await allocateRobustly(each, alike);
      expect(notes).toEqual([expect.stringMatching(/cannot be told apart by alpha.* p = 0\.42/)]);
    }
    const apart = await allocateRobustly(request, { ...alike, homogeneity: 0.05 });
    expect(apart).not.toHaveProperty('notes');
  });

  it('has the middle 95 % of numpy, with fractions between numbers of experts', async () => {
    // Block 0 gets 3 once, 4 in 37 draws, 6 twice: numpy.quantile([...], [0.025, 0.975]).
    const draws = [
      ...[[2, 3, 4], ...new Array<number[]>(37).fill([1, 1, 1])],
      ...[
        [2, 1, 1],
        [2, 1, 1],
      ],
    ];
    const { blocks } = await allocateRobustly(request, { draws, without: [] });
    const [low, high] = blocks[0]!.robustness!.experts;
    expect(low).toBeCloseTo(3.975, 12);
    expect(high).toBeCloseTo(6, 12);
  });

  it('leaves out the rarest 2.5 % of the draws at either end', async () => {
    const draws = [...new Array<number[]>(78).fill([2, 3, 4]), [9, 1, 1], [1, 1, 9]];
    const { blocks } = await allocateRobustly(request, { draws, without: [] });
    expect(blocks[0]!.robustness).toEqual({ changed: 2 / 80, experts: [3, 3] });
  });

  it('does not say how stable a block without a score of its own is', async () => {
    const layers = layersFromScores([2, 3, 4]).map((layer, i) =>
      i === 1 ? { ...layer, weak: 'flat' } : layer,
    );
    // The mean of the others fills in: 3, 1, 3.
    const draws = [2, 1, 4].map((first) => [first, Number.NaN, first === 1 ? 1 : 6 - first]);
    const { blocks, robustness } = await allocateRobustly(
      { ...request, layers },
      { draws, without: [] },
    );
    expect(blocks.map(({ robustness: own }) => own?.changed)).toEqual([2 / 3, undefined, 2 / 3]);
    // 3, 4, 5 against itself, 4, 4, 4 and 5, 4, 3.
    expect(robustness).toEqual({ draws: 3, distance: (0 + 2 + 4) / 3 });
  });

  it('names the projection without which a block changes most', async () => {
    const draws = [[2, 3, 4]];
    const without = [
      { block: 2, name: 'a', role: 'q_proj', alpha: 5, score: 3.9 },
      { block: 2, name: 'b', alpha: 9, score: 1 },
      { block: 2, name: 'c', alpha: 2, score: 5 },
    ];
    const { blocks } = await allocateRobustly(request, { draws, without });
    // 12 * 1 / (2 + 3 + 1) = 2.
    expect(blocks[2]!.robustness!.driver).toEqual({ name: 'b', alpha: 9, experts: 2 });
    expect(blocks[0]!.robustness).not.toHaveProperty('driver');
  });
});

it('is left out where the alternatives say nothing: ranks, and projections', async () => {
  const alternatives = { draws: [[2, 3, 4]], without: [] };
  const ranks = { ...request, budget: { unit: 'rank', total: 12 } } as const;
  const projections = {
    ...request,
    layers: request.layers.map((layer) => ({ ...layer, name: `${layer.index}.q` })),
    budget: { per: 'projection', total: 12 },
  } as const;
  for (const other of [ranks, projections]) {
    expect(await allocateRobustly(other, alternatives)).toEqual(await allocate(other));
  }
});

it('asks the policy once for each alternative, and reads each draw a few times', async () => {
  const scores = (shift: number) =>
    Array.from({ length: 32 }, (_, i) => 2 + (((i + shift) * 7919) % 1009) / 250);
  const without = Array.from({ length: 224 }, (_, i) => ({
    block: i % 32,
    name: `${i}`,
    alpha: 3,
    score: 2 + (i % 9) / 3,
  }));
  const draws = Array.from({ length: 200 }, (_, draw) => counting(scores(draw)));
  let asked = 0;
  const policy: AllocationPolicy = {
    ...alphalora,
    allocate(request) {
      asked++;
      return alphalora.allocate(request as never);
    },
  };
  await allocateRobustly(
    { layers: layersFromScores(scores(0)), policy, budget: { total: 160 } },
    { draws: draws.map(({ list }) => list), without },
  );
  expect(asked).toBe(1 + 200 + 224);
  for (const { reads } of draws) expect(reads()).toBeLessThanOrEqual(4 * 32);
});

describe('Mistral-7B', () => {
  it('gives block 16 its experts because of one v_proj', async () => {
    const { models } = readReference('alpha-vectors.json') as {
      models: Record<string, { blocks: number; alpha: number[] }>;
    };
    const { blocks, alpha } = Object.entries(models).find(([name]) => name.includes('mistral'))![1];
    const roles = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'mlp 6', 'mlp 7'];
    const projections = Array.from({ length: blocks }, (_, block) =>
      alpha.slice(7 * block, 7 * block + 7),
    );
    const mean = (list: readonly number[]): number =>
      list.reduce((sum, value) => sum + value, 0) / list.length;
    const scores = projections.map(mean);
    const { blocks: result } = await allocateRobustly(
      {
        policy: alphalora,
        budget: { total: 160 },
        layers: layersFromScores(scores),
      },
      {
        draws: [scores],
        without: projections.flatMap((list, block) =>
          list.map((value, i) => ({
            block,
            name: roles[i]!,
            role: roles[i]!,
            alpha: value,
            score: mean(list.toSpliced(i, 1)),
          })),
        ),
      },
    );
    // 9 by the mean and 5 by the median of the projections, says the reference.
    expect(result[16]!.experts).toBe(9);
    const { driver } = result[16]!.robustness!;
    expect(driver).toMatchObject({ role: 'v_proj' });
    expect(driver!.alpha).toBeCloseTo(14.2, 1);
    // With the mean of the other six, 2.93, its quota is 3.3.
    expect(driver!.experts).toBe(3);

    const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[3]!;
    const layers = layersFromScores(projections.map(median));
    const { experts } = await allocate({ policy: alphalora, budget: { total: 160 }, layers });
    expect(experts[16]).toBe(5);
  });
});
