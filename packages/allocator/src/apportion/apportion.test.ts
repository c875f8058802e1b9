import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counting } from '../test-support/counting.js';
import { type ApportionRequest, apportion } from './index.js';

interface Case {
  weights: number[];
  costs: number[];
  min: number[];
  max: number[];
  budget: number;
}

/**
 * Quotas by bisection of t, down to neighbouring doubles: slow, and nothing shared with the code
 * under test.
 */
function quotas({ weights, costs, min, max, budget }: Case): number[] {
  const at = (t: number): number[] =>
    weights.map((weight, i) => Math.min(max[i]!, Math.max(min[i]!, t * weight)));
  const cost = (list: number[]): number => list.reduce((sum, q, i) => sum + q * costs[i]!, 0);
  let [low, high] = [0, 1];
  while (cost(at(high)) < budget && high < 1e12) high *= 2;
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2;
    if (cost(at(middle)) <= budget) low = middle;
    else high = middle;
  }
  return at(low);
}

const total = (costs: readonly number[], units: readonly number[]): number =>
  units.reduce((sum, count, i) => sum + count * costs[i]!, 0);

const squared = (units: readonly number[], targets: readonly number[]): number =>
  units.reduce((sum, count, i) => sum + (count - targets[i]!) ** 2, 0);

/** Layers with bounds and a budget somewhere between their minima and their maxima. */
const cases = (cost: fc.Arbitrary<number>, layers = 7): fc.Arbitrary<Case> =>
  fc
    .record({
      layers: fc.array(
        fc.record({
          weight: fc.oneof(
            fc.double({ min: 0.01, max: 20, noNaN: true }),
            fc.integer({ min: 1, max: 5 }),
          ),
          cost,
          min: fc.integer({ min: 0, max: 3 }),
          room: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(30)),
        }),
        { minLength: 1, maxLength: layers },
      ),
      fill: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ layers: list, fill }) => {
      const costs = list.map((layer) => layer.cost);
      const min = list.map((layer) => layer.min);
      const max = list.map((layer) => layer.min + layer.room);
      const [least, most] = [total(costs, min), total(costs, max)];
      const budget = Math.floor(least + fill * (most - least));
      return { weights: list.map(({ weight }) => weight), costs, min, max, budget };
    });

/** What one more unit, or one unit moved, would make of the numbers: all that are allowed. */
function neighbours({ costs, min, max, budget }: Case, units: readonly number[]) {
  const spent = total(costs, units);
  const indices = [...units.keys()];
  const open = indices.filter((i) => units[i]! < max[i]!);
  const adds = open.filter((i) => spent + costs[i]! <= budget);
  const moves = indices
    .filter((i) => units[i]! > min[i]!)
    .flatMap((from) =>
      open
        .filter((to) => to !== from && spent - costs[from]! + costs[to]! <= budget)
        .map((to) => units.with(from, units[from]! - 1).with(to, units[to]! + 1)),
    );
  return { adds, moves };
}

function expectLocallyBest(given: Case): void {
  const units = apportion(given);
  expect(total(given.costs, units)).toBeLessThanOrEqual(given.budget);
  for (const [i, count] of units.entries()) {
    expect(Number.isInteger(count)).toBe(true);
    expect(count).toBeGreaterThanOrEqual(given.min[i]!);
    expect(count).toBeLessThanOrEqual(given.max[i]!);
  }
  const { adds, moves } = neighbours(given, units);
  expect(adds).toEqual([]);
  const targets = quotas(given);
  const best = squared(units, targets);
  for (const moved of moves) expect(squared(moved, targets)).toBeGreaterThanOrEqual(best - 1e-6);
}

describe('apportion', () => {
  it('shares a budget out in proportion, in units that cost differently', () => {
    // t (1 * 10 + 2 * 5) = 60: 3 and 6 exactly.
    expect(apportion({ weights: [1, 2], costs: [10, 5], budget: 60 })).toEqual([3, 6]);
    // 6 left: one unit of the second, 1 is lost.
    expect(apportion({ weights: [1, 2], costs: [10, 5], budget: 66 })).toEqual([3, 7]);
  });

  it('passes over a unit that does not fit', () => {
    // t = 10 / (3 * 4 + 2 * 3) = 0.556: quotas 1.667 and 1.111, floors 1 and 1 for 7. Of the 3 left,
    // the first, which lacks more, would take 4.
    expect(apportion({ weights: [3, 2], costs: [4, 3], budget: 10 })).toEqual([1, 2]);
    expect(apportion({ weights: [3, 2], costs: [4, 3], budget: 11 })).toEqual([2, 1]);
  });

  it('prefers the cheaper of two that lack the same', () => {
    // Quotas of 4/7 each.
    expect(apportion({ weights: [1, 1, 1], costs: [3, 2, 2], budget: 4 })).toEqual([0, 1, 1]);
  });

  it('gives what all others leave to layers without weight, evenly', () => {
    const given = { weights: [0, 5, 0], costs: [2, 2, 2], max: [9, 3, 9] };
    expect(apportion({ ...given, budget: 14 })).toEqual([2, 3, 2]);
    expect(apportion({ ...given, budget: 6 })).toEqual([0, 3, 0]);
    expect(apportion({ weights: [0, 0], costs: [1, 3], budget: 8 })).toEqual([2, 2]);
  });

  it('never exceeds the budget, and no single unit can be added or moved to advantage', () => {
    fc.assert(fc.property(cases(fc.integer({ min: 1, max: 12 })), expectLocallyBest), {
      seed: 21,
      numRuns: 2000,
    });
  });

  it('nor where costs differ by orders of magnitude', () => {
    const costs = fc.constantFrom(1, 7, 60, 999, 10_000);
    fc.assert(fc.property(cases(costs, 12), expectLocallyBest), { seed: 22, numRuns: 1000 });
  });

  it('is the largest remainder where all units cost the same', () => {
    const same = fc
      .tuple(cases(fc.constant(1), 20), fc.integer({ min: 1, max: 1000 }))
      .map(([given, cost]): [Case, number] => [given, cost]);
    fc.assert(
      fc.property(same, ([given, cost]) => {
        const targets = quotas(given);
        // A fraction that is all but nothing or all but one is an integer, up to rounding errors.
        const floors = targets.map((q) => Math.floor(q + 1e-9));
        const fractions = targets.map((q, i) => Math.max(0, q - floors[i]!));
        const left = given.budget - floors.reduce((a, b) => a + b, 0);
        const order = [...floors.keys()].sort((a, b) =>
          Math.abs(fractions[b]! - fractions[a]!) > 1e-9 ? fractions[b]! - fractions[a]! : a - b,
        );
        const tied =
          Math.abs((fractions[order[left - 1]!] ?? 2) - (fractions[order[left]!] ?? -1)) < 1e-7;
        fc.pre(!tied);
        const expected = floors.map((floor, i) => floor + (order.indexOf(i) < left ? 1 : 0));
        const costs = given.costs.map(() => cost);
        const budget =
          given.budget * cost + (cost - 1) * Number(given.budget < total(given.costs, given.max));
        expect(apportion({ ...given, costs, budget })).toEqual(expected);
      }),
      { seed: 23, numRuns: 2000 },
    );
  });

  it('has the smallest distance of all where all units cost the same', () => {
    const small = cases(fc.constant(4), 4).filter(({ max }) => max.every((bound) => bound <= 8));
    fc.assert(
      fc.property(small, (given) => {
        const targets = quotas(given);
        const units = apportion(given);
        const all = total(given.costs, units);
        let least = Number.POSITIVE_INFINITY;
        const visit = (list: number[]): void => {
          const i = list.length;
          if (i === given.costs.length) {
            if (total(given.costs, list) === all) least = Math.min(least, squared(list, targets));
            return;
          }
          for (let n = given.min[i]!; n <= given.max[i]!; n++) visit([...list, n]);
        };
        visit([]);
        expect(squared(units, targets)).toBeLessThanOrEqual(least + 1e-9);
      }),
      { seed: 24, numRuns: 300 },
    );
  });

  it('counts ties to the lower index', () => {
    expect(apportion({ weights: [1, 1, 1], costs: [3, 3, 3], budget: 12 })).toEqual([2, 1, 1]);
  });

  it('keeps its head with weights and costs of any size', () => {
    const tiny = { weights: [5e-324, 1e-323], costs: [1, 1], budget: 9 };
    expect(apportion(tiny)).toEqual([3, 6]);
    const huge = { weights: [1e308, 1e308], costs: [2 ** 40, 2 ** 41], budget: 3 * 2 ** 41 };
    expect(apportion(huge)).toEqual([2, 2]);
    // 10^9 - 1 units of the cheap layer in one step, as one of the dear ones does not fit.
    expect(apportion({ weights: [1, 1], costs: [1, 1e9], budget: 1e9 - 1 })).toEqual([1e9 - 1, 0]);
  });

  it('takes a unit back where a quota was rounded up to an integer', () => {
    // In numbers of 16 digits, where a sum is rounded as well.
    const [costs, budget] = [[2, 1, 2], 9_007_199_254_740_973];
    const units = apportion({ weights: [3, 3, 6], costs, budget });
    const spent = units.reduce((sum, count, i) => sum + BigInt(count) * BigInt(costs[i]!), 0n);
    expect(BigInt(budget) - spent).toBe(0n);
  });

  it('takes prices that double from layer to layer', () => {
    const costs = Array.from({ length: 45 }, (_, i) => 2 ** i);
    const weights = costs.map((_, i) => 1 + (i % 3));
    for (const budget of [2 ** 45 - 1, 2 ** 44 + 2 ** 20, 12_345_678_901]) {
      const units = apportion({ weights, costs, budget });
      // There are units of price 1: nothing is left.
      expect(total(costs, units)).toBe(budget);
    }
  });

  it('looks at the costs of n layers n log n times, whatever the number of units', () => {
    const readsFor = (count: number, unitsEach: number): number => {
      const costs = Array.from({ length: count }, (_, i) => 1 + ((i * 7919) % 10_007));
      const weights = costs.map((_, i) => 1 + ((i * 104_729) % 1009) / 100);
      const budget = unitsEach * costs.reduce((a, b) => a + b, 0);
      const { list, reads } = counting(costs);
      const units = apportion({ weights, costs: list, budget });
      const left = budget - total(costs, units);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left).toBeLessThan(Math.min(...costs));
      return reads();
    };
    for (const [count, unitsEach] of [
      ...([
        [500, 1],
        [5000, 1],
        [5000, 1000],
      ] as [number, number][]),
    ]) {
      expect(readsFor(count, unitsEach)).toBeLessThan(6 * count * Math.log2(count));
    }
  });
});

describe('refusals of apportion', () => {
  const given: ApportionRequest = { weights: [1, 2], costs: [3, 4], budget: 20 };
  it.each([
    ['a budget below the minima', { min: 3 }, 'INFEASIBLE_BUDGET', /raise the total to 21 or/],
    ['a budget above the maxima', { max: [1, 2] }, 'INFEASIBLE_BUDGET', /lower the total to 11 or/],
    [
      'crossed bounds',
      { min: 2, max: [5, 1] },
      'INFEASIBLE_BUDGET',
      /min 2 is above max 1 in layer 1/,
    ],
    ['a weight that is none', { weights: [1, Number.NaN] }, 'INVALID_OPTION', /layer 1 has NaN/],
    [
      'a cost of zero',
      { costs: [0, 1] },
      'INVALID_OPTION',
      /costs must be positive integers: layer 0/,
    ],
    ['a missing cost', { costs: [1] }, 'INVALID_OPTION', /costs has 1 entries for 2 layers/],
    ['half a unit', { min: 0.5 }, 'INVALID_OPTION', /min must be integers/],
    [
      'a budget without end',
      { budget: Number.POSITIVE_INFINITY },
      'INVALID_OPTION',
      /budget must be/,
    ],
  ])('%s', (_, more, code, message) => {
    const request = { ...given, ...more };
    expect(() => apportion(request)).toThrow(expect.objectContaining({ code }));
    expect(() => apportion(request)).toThrow(message);
  });
});
