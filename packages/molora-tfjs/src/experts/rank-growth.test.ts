import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GrowthRule, grownRanks, saliency } from './rank-growth.js';

const paper: GrowthRule = { initial: 8, target: 16, max: 32, share: 0.1, exponent: 1.2 };

describe('saliency', () => {
  it('is f g / (r + 1)^1.2 with g the mean over active ranks', () => {
    const scores = {
      ranks: [1, 3],
      frequency: [0.5, 0.25],
      // The fourth column of the first expert is not active and does not count.
      importance: [6, 100, 100, 1, 2, 3],
    };
    const [first, second] = saliency(scores, { max: 3, exponent: 1.2 });
    expect(first).toBeCloseTo((0.5 * 6) / 2 ** 1.2, 12);
    expect(second).toBeCloseTo((0.25 * 2) / 4 ** 1.2, 12);
  });
});

describe('a growth event', () => {
  /** Importance that makes the saliencies go with `frequency`. */
  const scores = (ranks: number[], frequency: number[]) => ({
    ranks,
    frequency,
    importance: ranks.flatMap(() => Array.from({ length: 32 }, () => 1)),
  });

  it('gives the most salient experts a tenth of the initially free ranks until the quota is used', () => {
    // Quota ceil(4 * 8 / 8) = 4; at most ceil(0.1 * 24) = 3 each.
    const before = scores([8, 8, 20, 8], [0.1, 0.2, 0.9, 0.7]);
    // (r + 1)^1.2 is 13.97 at rank 8 and 38.6 at rank 20: the order is 3, 2, 1, 0.
    expect(grownRanks(before, paper, 8)).toEqual([8, 8, 21, 11]);
  });

  it('reaches the largest rank', () => {
    expect(grownRanks(scores([31], [1]), { ...paper, target: 32 }, 1)).toEqual([32]);
    // A quota of 4 in each of 8 events: 3 for the expert that is used, 1 for the next.
    let ranks = [8, 8, 8, 8];
    for (let event = 0; event < 8; event++)
      ranks = grownRanks(scores(ranks, [1, 0, 0, 0]), paper, 8);
    expect(ranks).toEqual([32, 16, 8, 8]);
  });

  it('stays within budget, bounds and quota, whatever the scores', () => {
    const positive = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(positive, positive), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 12 }),
        (experts, events) => {
          let ranks: number[] = experts.map(() => paper.initial);
          const quota = Math.ceil((experts.length * (paper.target - paper.initial)) / events);
          for (let event = 0; event < events + 3; event++) {
            const importance = experts.flatMap(([, g]) => Array.from({ length: 32 }, () => g));
            const frequency = experts.map(([f]) => f);
            const next = grownRanks({ ranks, frequency, importance }, paper, events);
            const gains = next.map((rank, e) => rank - ranks[e]!);
            expect(Math.min(...gains)).toBeGreaterThanOrEqual(0);
            expect(Math.max(...next)).toBeLessThanOrEqual(paper.max);
            expect(gains.reduce((a, b) => a + b)).toBeLessThanOrEqual(quota);
            ranks = next;
          }
          const budget = experts.length * paper.target;
          expect(ranks.reduce((a, b) => a + b)).toBeLessThanOrEqual(budget);
        },
      ),
    );
  });
});
