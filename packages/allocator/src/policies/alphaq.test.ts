import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counting } from '../test-support/counting.js';
import { sampleRequest } from '../testing/sample.js';
import { alphaq } from './alphaq.js';
import { bestRuns } from './sorted-bits.js';

interface Matrix {
  alpha: number;
  parameters: number;
  variance: number;
}
interface Limits {
  /** Of the bits of all layers, or of their weights where `bySize`. */
  total: number;
  bySize?: boolean;
  min?: number;
  max?: number;
  gamma?: number;
}

async function bitsOf(matrices: readonly Matrix[], limits: Limits): Promise<readonly number[]> {
  const { total, bySize, min = 2, max = 8, gamma = 1 } = limits;
  const size = matrices.reduce((sum, { parameters }) => sum + parameters, 0) / matrices.length;
  const layers = matrices.map(({ alpha, parameters, variance }, index) => ({
    index,
    block: index,
    score: alpha,
    parameters,
    variance,
    inputs: parameters,
    outputs: 1,
    cost: 0,
    price: bySize ? parameters / size : 1,
  }));
  const units = bySize ? total / size : total;
  const budget = { resource: 'bits', total: units, min, max } as const;
  const answer = await alphaq.allocate(sampleRequest({ layers, options: { gamma }, budget }));
  return 'values' in answer ? answer.values : [];
}

/** The error of the paper, term by term. */
function errorOf(matrices: readonly Matrix[], bits: readonly number[], gamma = 1): number {
  const alphas = matrices.map(({ alpha }) => alpha).sort((a, b) => a - b);
  const n = alphas.length;
  const median = (alphas[Math.floor((n - 1) / 2)]! + alphas[Math.floor(n / 2)]!) / 2;
  return matrices.reduce((sum, { alpha, parameters, variance }, i) => {
    const importance = (median / alpha) ** gamma;
    return sum + (parameters * importance * variance) / 2 ** (2 * bits[i]!);
  }, 0);
}

/** The least error over every choice of bits. */
function leastError(matrices: readonly Matrix[], limits: Limits): number {
  const { total, bySize, min = 2, max = 8, gamma = 1 } = limits;
  let least = Number.POSITIVE_INFINITY;
  const visit = (bits: number[], left: number): void => {
    if (left < 0) return;
    if (bits.length === matrices.length) {
      least = Math.min(least, errorOf(matrices, bits, gamma));
      return;
    }
    for (const next of [2, 3, 4, 8].filter((b) => b >= min && b <= max)) {
      const { parameters } = matrices[bits.length]!;
      visit([...bits, next], left - next * (bySize ? parameters : 1));
    }
  };
  visit([], total);
  return least;
}

const matrix = fc.record({
  alpha: fc.double({ min: 1.5, max: 9, noNaN: true }),
  parameters: fc.integer({ min: 1, max: 50 }),
  variance: fc.double({ min: 1e-6, max: 10, noNaN: true }),
});

describe('alphaq', () => {
  it('gives the lower alpha more bits', async () => {
    const like = { parameters: 10, variance: 1 };
    const matrices = [2, 3, 6].map((alpha) => ({ ...like, alpha }));
    // Two bits each, and three more: c is 1.5, 1 and 0.5, the gains in order 1.5, 1, 0.5 (second
    // bits), then a quarter of each.
    expect(await bitsOf(matrices, { total: 9 })).toEqual([3, 3, 3]);
    expect(await bitsOf(matrices, { total: 8 })).toEqual([3, 3, 2]);
    expect(await bitsOf(matrices, { total: 10 })).toEqual([4, 3, 3]);
    expect(await bitsOf(matrices, { total: 99 })).toEqual([8, 8, 8]);
  });

  it('finds the least error of all choices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(matrix, { minLength: 1, maxLength: 6 }),
        fc.constantFrom([2, 8], [2, 4], [3, 8], [3, 4], [2, 3], [4, 8], [8, 8], [2, 7]),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0, 1, 2.5),
        async (matrices, [min, max], fill, gamma) => {
          const lowest = [2, 3, 4, 8].find((bits) => bits >= min!)!;
          const total = Math.round(matrices.length * (lowest + fill * (9 - lowest)));
          const limits = { total, min: min!, max: max!, gamma };
          const bits = await bitsOf(matrices, limits);
          expect(bits.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(total);
          for (const b of bits)
            expect([2, 3, 4, 8].filter((x) => x >= min! && x <= max!)).toContain(b);
          const least = leastError(matrices, limits);
          expect(errorOf(matrices, bits, gamma)).toBeLessThanOrEqual(least * (1 + 1e-9));
        },
      ),
      { seed: 31, numRuns: 400 },
    );
  });

  it('finds it also where bits count by the size of the layer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(matrix, { minLength: 1, maxLength: 6 }),
        fc.constantFrom([2, 8], [2, 4], [3, 8], [8, 8]),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (matrices, [min, max], fill) => {
          const size = matrices.reduce((sum, { parameters }) => sum + parameters, 0);
          const limits = {
            total: Math.round(size * (min! + fill * (9 - min!))),
            bySize: true,
            min: min!,
            max: max!,
          };
          const bits = await bitsOf(matrices, limits);
          const spent = matrices.reduce((sum, { parameters }, i) => sum + parameters * bits[i]!, 0);
          expect(spent).toBeLessThanOrEqual(limits.total);
          const least = leastError(matrices, limits);
          expect(errorOf(matrices, bits)).toBeLessThanOrEqual(least * (1 + 1e-9));
        },
      ),
      { seed: 32, numRuns: 300 },
    );
  });

  it('refuses an average over layers whose sizes have nothing in common', async () => {
    const matrices = [1_000_003, 998_244_353, 104_729].map((parameters) => ({
      alpha: 3,
      variance: 1,
      parameters,
    }));
    await expect(bitsOf(matrices, { total: 4e9, bySize: true })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('give the total of bits instead'),
    });
  });

  it('sometimes beats the greedy choice, which cannot take back bits for an 8', async () => {
    // From 4, 2, 2 (total 8) to a total of 12: greedy fills 4, 4, 4; 8, 2, 2 has the lower error.
    const matrices = [1000, 1, 1].map((variance) => ({ alpha: 3, parameters: 1, variance }));
    expect(await bitsOf(matrices, { total: 12 })).toEqual([8, 2, 2]);
  });

  it('looks at the factors of n layers n log n times', () => {
    for (const count of [1000, 10_000]) {
      const { list, reads } = counting(Array.from({ length: count }, (_, i) => 1 / (i + 1)));
      bestRuns(list, 3.5 * count, [2, 3, 4, 8]);
      expect(reads()).toBeLessThan(2 * count * Math.log2(count));
    }
  });

  it('refuses a total below the lowest bits of every layer', async () => {
    const matrices = [{ alpha: 2, parameters: 1, variance: 1 }];
    await expect(bitsOf(matrices, { total: 1 })).rejects.toMatchObject({
      code: 'INFEASIBLE_BUDGET',
    });
    await expect(bitsOf(matrices, { total: 9, min: 5, max: 7 })).rejects.toMatchObject({
      code: 'INFEASIBLE_BUDGET',
    });
  });
});
