import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleRequest } from '../testing/sample.js';
import { alphapruning } from './alphapruning.js';

interface Given {
  scores: readonly number[];
  sizes: readonly number[];
  sparsity: number;
  eps?: number;
  min?: number;
  max?: number;
}

async function prune(given: Given): Promise<readonly number[]> {
  const { scores, sizes, sparsity, eps = 0.3, min = 0, max = 1 } = given;
  const layers = scores.map((score, index) => {
    const parameters = sizes[index]!;
    return {
      index,
      block: index,
      score,
      parameters,
      inputs: parameters,
      outputs: 1,
      cost: 1,
      price: 1,
    };
  });
  const budget = { resource: 'sparsity', total: sparsity * scores.length, min, max } as const;
  const answer = await alphapruning.allocate(sampleRequest({ layers, options: { eps }, budget }));
  return 'values' in answer ? answer.values : [];
}

function average(values: readonly number[], sizes: readonly number[]): number {
  const all = sizes.reduce((a, b) => a + b, 0);
  return values.reduce((sum, value, i) => sum + value * sizes[i]!, 0) / all;
}

describe('alphapruning', () => {
  it('maps alpha linearly to 0.7 to 1.3 of the sparsity', async () => {
    // Ratios 0.7, 1, 1.3 with equal sizes: eta = S.
    const values = await prune({ scores: [2, 3, 4], sizes: [1, 1, 1], sparsity: 0.5 });
    for (const [i, expected] of [0.35, 0.5, 0.65].entries()) {
      expect(values[i]).toBeCloseTo(expected, 12);
    }
  });

  it('keeps the sparsity over parameters, not over layers', async () => {
    // eta = 0.5 * 4 / (3 * 0.7 + 1 * 1.3) = 2 / 3.4.
    const values = await prune({ scores: [2, 4], sizes: [3, 1], sparsity: 0.5 });
    expect(values[0]).toBeCloseTo((0.7 * 2) / 3.4, 12);
    expect(values[1]).toBeCloseTo((1.3 * 2) / 3.4, 12);
  });

  it('hands on what a layer cannot take', async () => {
    // Unclipped 0.63, 0.9, 1.17: the last is held at 1, the others share 1.7 as 0.7 to 1.
    const values = await prune({ scores: [2, 3, 4], sizes: [1, 1, 1], sparsity: 0.9 });
    expect(values[0]).toBeCloseTo(0.7, 12);
    expect(values[1]).toBeCloseTo(1, 12);
    expect(values[2]).toBe(1);
  });

  it('treats equal scores alike', async () => {
    const [first, second] = await prune({ scores: [3, 3], sizes: [5, 1], sparsity: 0.4 });
    expect(first).toBe(second);
    expect(first).toBeCloseTo(0.4, 12);
  });

  it('meets any sparsity within any bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.double({ min: 1, max: 9, noNaN: true }), fc.integer({ min: 1, max: 1000 })),
          { minLength: 1, maxLength: 12 },
        ),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.double({ min: 0.6, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (pairs, min, max, fill) => {
          const sizes = pairs.map(([, size]) => size);
          const sparsity = min + fill * (max - min);
          const scores = pairs.map(([score]) => score);
          const values = await prune({ scores, sizes, sparsity, min, max });
          expect(average(values, sizes)).toBeCloseTo(sparsity, 9);
          for (const value of values) {
            expect(value).toBeGreaterThanOrEqual(min);
            expect(value).toBeLessThanOrEqual(max);
          }
        },
      ),
      { seed: 21, numRuns: 300 },
    );
  });

  it('refuses a sparsity that the bounds do not admit', async () => {
    await expect(prune({ scores: [2, 3], sizes: [1, 1], sparsity: 1.1 })).rejects.toMatchObject({
      code: 'INFEASIBLE_BUDGET',
    });
  });
});
