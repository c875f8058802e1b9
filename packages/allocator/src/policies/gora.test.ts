import { describe, expect, it } from 'vitest';
import { sampleRequest } from '../testing/sample.js';
import { gora } from './gora.js';

interface Given {
  importance: readonly number[];
  sums: readonly number[];
  total: number;
  min?: number;
  max?: number;
}

async function ranks({ importance, sums, total, min = 1, max = 64 }: Given) {
  const layers = importance.map((score, index) => ({
    index,
    block: index,
    score,
    inputs: sums[index]! / 2,
    outputs: sums[index]! / 2,
    parameters: 1,
    cost: sums[index]!,
    price: 1,
  }));
  const budget = { resource: 'rank', total, min, max } as const;
  const answer = await gora.allocate(sampleRequest({ layers, options: {}, budget }));
  return 'values' in answer ? answer.values : [];
}

describe('gora', () => {
  it('rounds b * a / sqrt(m + n)', async () => {
    // Square roots 10, 10, 20; r_ref 8: b = 320. a = 0.3, 0.2, 0.5: 9.6, 6.4 and 8.
    expect(await ranks({ importance: [3, 2, 5], sums: [100, 100, 400], total: 24 })).toEqual([
      10, 6, 8,
    ]);
  });

  it('clips to the bounds', async () => {
    // b = 320: 25.6, 1.6 and 2.4, of which 12 is the most and 4 the least.
    const given = { importance: [8, 0.5, 1.5], sums: [100, 100, 400], total: 24 };
    expect(await ranks({ ...given, min: 4, max: 12 })).toEqual([12, 4, 4]);
  });

  it('lowers b where rounding or the lower clip exceed the total', async () => {
    // Own ranks 16 x 0.9 = 14.4 and 1.6, the second clipped to 4: 18 of 16. The largest b that
    // stays within gives the first 12.
    const given = { importance: [9, 1], sums: [100, 100], total: 16, min: 4 };
    expect(await ranks(given)).toEqual([12, 4]);
  });

  it('refuses a total below the minima', async () => {
    await expect(
      ranks({ importance: [1, 1], sums: [4, 4], total: 7, min: 4 }),
    ).rejects.toMatchObject({ code: 'INFEASIBLE_BUDGET' });
  });
});
