import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growthRules } from './growth-rules.js';
import { type GrowthBounds, grownRanks, saliency } from './rank-growth.js';

const paper: GrowthBounds = { initial: 8, target: 16, max: 32, share: 0.1 };

describe('saliency', () => {
  it('is f g / (r + 1)^1.2 with f and g as shares of the group', () => {
    const scores = { ranks: [1, 3], frequency: [6, 2], importance: [1, 4] };
    const [first, second] = saliency(scores);
    expect(first).toBeCloseTo((0.75 * 0.2) / 2 ** 1.2, 5);
    expect(second).toBeCloseTo((0.25 * 0.8) / 4 ** 1.2, 5);
    const tenfold = { ...scores, frequency: [60, 20], importance: [0.1, 0.4] };
    expect(saliency(tenfold)[0]).toBeCloseTo(first!, 12);
  });

  it('goes by routing alone where nothing has been learned, and by ranks where nothing was routed', () => {
    const [first, second] = saliency({ ranks: [2, 2], frequency: [1, 3], importance: [0, 0] });
    expect(second! / first!).toBeCloseTo(3, 4);
    const [few, many] = saliency({ ranks: [2, 5], frequency: [0, 0], importance: [0, 0] });
    expect(few! / many!).toBeCloseTo(2 ** 1.2, 12);
  });
});

describe('what is scored', () => {
  const { released, paper } = growthRules;

  it('is counted over the run in the released code, and averaged in the paper', () => {
    expect(released.frequency([10, 0], [3, 5], 4)).toEqual([12, 5]);
    const [first, second] = paper.frequency([0.5, 0], [3, 1], 4);
    expect(first).toBeCloseTo(0.9 * 0.5 + 0.1 * 0.75, 12);
    expect(second).toBeCloseTo(0.1 * 0.25, 12);
    expect(paper.frequency([0.5], [0], 0)[0]).toBeCloseTo(0.45, 12);
  });

  it('is importance of both sides, one after the other or multiplied', () => {
    const sides = { a: [2], b: [3] };
    expect(released.importance([1], sides)[0]).toBeCloseTo(0.9 * (0.9 + 0.3) + 0.2, 12);
    expect(paper.importance([1], sides)[0]).toBeCloseTo(0.9 + 0.6, 12);
  });

  it('has a quota of LoRAs in the released code, of experts in the paper', () => {
    // 64 experts with two LoRAs each from 8 to 16 in 18 events.
    expect(released.quota(8, 64, 128, 18)).toBe(57);
    expect(paper.quota(8, 64, 128, 18)).toBe(29);
  });
});

describe('a growth event', () => {
  /** Importance is equal, so that the saliencies go with `frequency`. */
  const scores = (ranks: number[], frequency: number[]) => ({
    ...{ ranks, frequency },
    importance: ranks.map(() => 1),
  });

  it('gives the most salient units a tenth of the initially free ranks until the quota is used', () => {
    // At most ceil(0.1 * 24) = 3 each.
    const before = scores([8, 8, 20, 8], [0.1, 0.2, 0.9, 0.7]);
    // (r + 1)^1.2 is 13.97 at rank 8 and 38.6 at rank 20: the order is 3, 2, 1, 0.
    expect(grownRanks(before, paper, 4)).toEqual([8, 8, 21, 11]);
  });

  it('reaches the largest rank', () => {
    expect(grownRanks(scores([31], [1]), { ...paper, target: 32 }, 24)).toEqual([32]);
    // A quota of 4 in each of 8 events: 3 for the unit that is used, 1 for the smallest of the others.
    let ranks = [8, 8, 8, 8];
    for (let event = 0; event < 8; event++)
      ranks = grownRanks(scores(ranks, [1, 0, 0, 0]), paper, 4);
    expect(ranks).toEqual([32, 11, 11, 10]);
  });

  it('stays within budget, bounds and quota, whatever the scores', () => {
    const positive = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(positive, positive), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        (units, quota) => {
          let ranks: number[] = units.map(() => paper.initial);
          for (let event = 0; event < 12; event++) {
            const importance = units.map(([, g]) => g);
            const frequency = units.map(([f]) => f);
            const next = grownRanks({ ranks, frequency, importance }, paper, quota);
            const gains = next.map((rank, e) => rank - ranks[e]!);
            expect(Math.min(...gains)).toBeGreaterThanOrEqual(0);
            expect(Math.max(...next)).toBeLessThanOrEqual(paper.max);
            expect(gains.reduce((a, b) => a + b)).toBeLessThanOrEqual(quota);
            ranks = next;
          }
          const budget = units.length * paper.target;
          expect(ranks.reduce((a, b) => a + b)).toBeLessThanOrEqual(budget);
        },
      ),
    );
  });
});
