/**
 * What an allocation gives, read alike for every resource: the amounts of blocks and projections, and
 * what they make in all.
 *
 * Experts, ranks and selected matrices add up: those of a block's projections make the block's. Bits,
 * sparsity and factors do not; there a block has the average of its projections, of bits and sparsity weighted by
 * their sizes, so that it is what the block's weights have on average.
 */
import {
  type AllocatedBlock,
  type AllocatedProjection,
  type Allocation,
  defined,
  type Resource,
} from '@alphalora/contracts';
import { resources } from './resources.js';

/** What is said of an allocation as a whole. */
export interface AllocationSummary
  extends Pick<Allocation, 'policy' | 'stack' | 'budget' | 'rounding' | 'parameters'> {
  /** Those that have something to give to. */
  blocks: number;
  /** Present where the budget is per projection. */
  projections?: number;
  /** Of the blocks, or of the projections where the budget is per projection. */
  amounts: {
    lowest: number;
    highest: number;
    average: number;
    /** Of experts, ranks and selected matrices. */
    sum?: number;
  };
  /** Of a selection, where the shapes are known: parameters of its projections. */
  size?: { selected: number; all: number };
}

export function summaryOf(allocation: Allocation): AllocationSummary {
  const { policy, stack, budget, rounding, parameters, projections } = allocation;
  const blocks = allocation.blocks.filter(({ empty }) => empty === undefined);
  const { weighted, adds } = resources[budget.unit];
  const own = budget.per === 'projection' ? projections : undefined;
  const all = own
    ? own.map((one) => amountOf(one, budget.unit))
    : amountsByBlock({ ...allocation, blocks });
  const given = all.filter((amount) => amount !== undefined);
  const sizes = own ? own.map(sizeOf) : blocks.map((block) => sizeOfBlock(allocation, block));
  const average = averageOf(all, weighted ? sizes : undefined);
  return {
    policy,
    ...defined({ stack }),
    budget,
    ...(rounding && { rounding }),
    ...(parameters && { parameters }),
    blocks: blocks.length,
    ...(own && { projections: own.length }),
    amounts: {
      lowest: given.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      highest: given.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
      average: average ?? 0,
      ...(adds && { sum: given.reduce((a, b) => a + b, 0) }),
    },
    ...(budget.unit === 'selection' && projections && { size: selectedSize(projections) }),
  };
}

function selectedSize(
  projections: readonly AllocatedProjection[],
): NonNullable<AllocationSummary['size']> {
  const sum = (of: readonly AllocatedProjection[]): number =>
    of.reduce((all, one) => all + sizeOf(one), 0);
  return { selected: sum(projections.filter(({ value }) => value === 1)), all: sum(projections) };
}

/** Undefined where the document does not say. */
export function amountOf(
  layer: AllocatedBlock | AllocatedProjection,
  unit: Resource,
): number | undefined {
  return layer[resources[unit].field];
}

/** By position in `blocks`: a block's own amount, or the sum or average of its projections'. */
export function amountsByBlock(allocation: Allocation): Array<number | undefined> {
  const { blocks, budget, projections } = allocation;
  return blocks.map((block) => {
    const own = amountOf(block, budget.unit);
    if (own !== undefined) return own;
    const inside = projections?.filter((projection) => projection.block === block.index) ?? [];
    const amounts = inside.map((projection) => amountOf(projection, budget.unit));
    const average = averageOf(
      amounts,
      resources[budget.unit].weighted ? inside.map(sizeOf) : undefined,
    );
    if (average === undefined || !resources[budget.unit].adds) return average;
    return amounts.reduce<number>((sum, amount = 0) => sum + amount, 0);
  });
}

/** A projection inside its block: its role, or where it has none the end of its name. */
export function labelOf({ name, block, role }: AllocatedProjection): string {
  if (role !== undefined) return role;
  const [, rest = name] = new RegExp(`(?:^|\\.)${block}\\.(.+)`).exec(name) ?? [];
  return rest.replace(/\.weight$/, '');
}

/** Layers of unknown size weigh the same. */
function averageOf(
  amounts: ReadonlyArray<number | undefined>,
  sizes?: readonly number[],
): number | undefined {
  const known = amounts.flatMap((amount, i) =>
    amount === undefined ? [] : [{ amount, size: sizes?.[i] ?? 1 }],
  );
  if (known.length === 0) return undefined;
  const all = known.reduce((sum, { size }) => sum + size, 0);
  return known.reduce(
    (sum, { amount, size }) => sum + amount * (all > 0 ? size / all : 1 / known.length),
    0,
  );
}

function sizeOf({ inputs, outputs }: AllocatedProjection): number {
  return inputs * outputs;
}

function sizeOfBlock({ projections = [] }: Allocation, { index }: AllocatedBlock): number {
  return projections.reduce((sum, one) => sum + (one.block === index ? sizeOf(one) : 0), 0);
}

/** Layers whose score is not their own, as no fit of theirs says anything (`weak`). */
export function imputedLayers({ blocks, projections = [] }: Allocation): {
  blocks: AllocatedBlock[];
  projections: AllocatedProjection[];
} {
  return {
    blocks: blocks.filter(({ weak }) => weak !== undefined),
    projections: projections.filter(({ weak }) => weak !== undefined),
  };
}
