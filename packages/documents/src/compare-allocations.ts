/** Two allocations of one resource side by side, block by block and projection by projection. Plain data. */
import {
  type AllocatedProjection,
  type Allocation,
  AlphaLoraError,
  defined,
  type Resource,
} from '@alphalora/contracts';
import type { StackPlace } from '@alphalora/contracts/weights';
import { type AllocationSummary, amountOf, amountsByBlock, summaryOf } from './amounts.js';
import { byIndex, type Change, difference } from './changes.js';
import { resources } from './resources.js';

export interface AllocationComparison {
  kind: 'comparison';
  of: 'allocation';
  unit: Resource;
  a: AllocationSummary;
  b: AllocationSummary;
  /**
   * The amount of each block: the sum of its projections for experts and ranks where a budget is per
   * projection; for other resources, which do not add up, their average.
   */
  blocks: Array<Change<'index', number> & { stack?: StackPlace }>;
  /**
   * Where a budget is per projection: projections of the same name on both sides, the largest change
   * first.
   */
  projections?: Array<Change<'name', string> & { block: number; role?: string }>;
  /**
   * Sum of |b - a| over the layers of both sides: projections where both budgets are per projection
   * and have names in common, otherwise blocks. A layer that one side lacks counts with all it has.
   */
  distance: number;
  distanceOver: 'blocks' | 'projections';
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` for allocations of different resources or stacks, and where one is per
 * block and the other per projection and the first does not know its projections
 */
export function compareAllocations(a: Allocation, b: Allocation): AllocationComparison {
  const { unit } = a.budget;
  if (b.budget.unit !== unit) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `a is an allocation of ${unit} and b one of ${b.budget.unit}, which cannot be compared: ` +
        'give two of the same unit',
    );
  }
  if (a.stack !== b.stack) {
    const [one, other] = [a.stack, b.stack].map(
      (stack) => stack ?? 'a model of one stack of blocks',
    );
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `a is an allocation for ${one} and b one for ${other}: give two for the same stack of blocks`,
    );
  }
  const blocks = byIndex(blockAmounts(a, b), blockAmounts(b, a), (one, other) =>
    difference(one?.amount, other?.amount),
  );
  const changes = byName(a, b);
  const bothPer = perOf(a) === 'projection' && perOf(b) === 'projection';
  const shared = changes.filter((change) => change.difference !== undefined);
  const overProjections = bothPer && shared.length > 0;
  const sides = { a: summaryOf(a), b: summaryOf(b) };
  return {
    ...({ kind: 'comparison', of: 'allocation', unit, ...sides, blocks } as const),
    ...(shared.length > 0 && {
      projections: shared.toSorted((x, y) => Math.abs(y.difference!) - Math.abs(x.difference!)),
    }),
    distance: distanceOf(overProjections ? changes : blocks),
    distanceOver: overProjections ? 'projections' : 'blocks',
  };
}

function perOf({ budget }: Allocation): 'block' | 'projection' {
  return budget.per ?? 'block';
}

/**
 * The amounts of blocks, as they can be held against those of the other side: with one budget per
 * block and one per projection, what adds up is summed over the projections of both.
 */
function blockAmounts(allocation: Allocation, other: Allocation) {
  const { blocks, budget, projections } = allocation;
  const own = amountsByBlock(allocation);
  const mixed = resources[budget.unit].adds && perOf(allocation) !== perOf(other);
  if (mixed && !projections) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'one allocation is per block, the other per projection, and one of them does not name its ' +
        'projections: give two per block or two per projection',
    );
  }
  return blocks.map(({ index, stack }, i) => {
    const place = { index, ...defined({ stack }) };
    if (!mixed) return { ...place, amount: own[i] };
    const inside = projections!.filter(({ block }) => block === index);
    const amounts = inside.map((projection) => amountOf(projection, budget.unit) ?? 0);
    return { ...place, amount: amounts.reduce((sum, amount) => sum + amount, 0) };
  });
}

/** The projections of both sides; none where both budgets are per block, which say all of them. */
function byName(a: Allocation, b: Allocation) {
  if (perOf(a) === 'block' && perOf(b) === 'block') return [];
  const { unit } = a.budget;
  const others = new Map(b.projections?.map((projection) => [projection.name, projection]));
  const pairs = (a.projections ?? []).map((projection) => {
    const other = others.get(projection.name);
    others.delete(projection.name);
    return [projection, other] as const;
  });
  const change = (
    { name, block, role }: AllocatedProjection,
    amounts: ReturnType<typeof difference>,
  ) => ({ name, block, ...defined({ role }), ...amounts });
  return [
    ...pairs.map(([one, other]) =>
      change(one, difference(amountOf(one, unit), other && amountOf(other, unit))),
    ),
    ...[...others.values()].map((other) =>
      change(other, difference(undefined, amountOf(other, unit))),
    ),
  ];
}

function distanceOf(changes: ReadonlyArray<{ a?: number; b?: number }>): number {
  return changes.reduce((sum, { a = 0, b = 0 }) => sum + Math.abs(b - a), 0);
}
