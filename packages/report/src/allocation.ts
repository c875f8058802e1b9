/**
 * An allocation of any resource, as the page looks at it: layers with their amounts, and what they
 * make together.
 */
import type {
  AllocatedBlock,
  AllocatedProjection,
  Allocation,
  Resource,
} from '@alphalora/contracts';
import { type ResourceWords, resources } from './resource.js';

export interface AllocationFacts extends Allocation {
  words: ResourceWords;
  /** What was decided one by one: blocks, or projections. */
  layers: readonly AllocatedLayer[];
  /** Over all layers, weighted by size where the resource asks for it. */
  average: number;
  /** Of what adds up: over all layers. */
  sum?: number;
  /** Where the budget is per projection and they are known. */
  projections?: AllocatedProjection[];
}

export interface AllocatedLayer {
  /** `block 3`, or `block 3 q_proj` */
  name: string;
  amount: number;
}

export function allocationFacts(allocation: Allocation): AllocationFacts {
  const { budget, blocks, projections: all } = allocation;
  const words = resources[budget.unit];
  const projections = budget.per === 'projection' ? all : undefined;
  const amounts = projections
    ? projections.map((one) => amountOf(one, budget.unit))
    : amountsByBlock(allocation);
  const names = projections
    ? projections.map((one) => `block ${one.block} ${labelOf(one)}`)
    : blocks.map(({ index }) => `block ${index}`);
  const sizes = projections
    ? projections.map(sizeOf)
    : blocks.map(({ index }) =>
        total((all ?? []).filter(({ block }) => block === index).map(sizeOf)),
      );
  const layers = names.flatMap((name, i) => {
    const amount = amounts[i];
    return amount === undefined ? [] : [{ name, amount }];
  });
  const { projections: _, ...rest } = allocation;
  return {
    ...{ ...rest, words, layers },
    average: averageOf(amounts, words.weighted ? sizes : []) ?? 0,
    ...(words.adds && { sum: total(layers.map(({ amount }) => amount)) }),
    ...(projections && { projections }),
  };
}

/** Undefined where the document does not say. */
export function amountOf(
  layer: AllocatedBlock | AllocatedProjection,
  unit: Resource,
): number | undefined {
  if (unit === 'experts') return layer.experts;
  return unit === 'rank' ? layer.rank : layer.value;
}

/** By position in `blocks`: a block's own amount, or the average of its projections. */
export function amountsByBlock({
  blocks,
  budget: { unit },
  projections = [],
}: Allocation): Array<number | undefined> {
  return blocks.map((block) => {
    const own = amountOf(block, unit);
    if (own !== undefined) return own;
    const inside = projections.filter((projection) => projection.block === block.index);
    const sizes = resources[unit].weighted ? inside.map(sizeOf) : [];
    return averageOf(
      inside.map((projection) => amountOf(projection, unit)),
      sizes,
    );
  });
}

/** Its role, or where it has none the part of its name after the block. */
export function labelOf({ name, block, role }: AllocatedProjection): string {
  if (role !== undefined) return role;
  const [, rest = name] = new RegExp(`(?:^|\\.)${block}\\.(.+)`).exec(name) ?? [];
  return rest.replace(/\.weight$/, '');
}

/** Layers of unknown size weigh the same. */
function averageOf(
  amounts: ReadonlyArray<number | undefined>,
  sizes: readonly number[],
): number | undefined {
  const known = amounts.flatMap((amount, i) =>
    amount === undefined ? [] : [{ amount, size: sizes[i] ?? 1 }],
  );
  const all = total(known.map(({ size }) => size));
  if (known.length === 0) return undefined;
  return total(known.map(({ amount, size }) => amount * (all > 0 ? size / all : 1 / known.length)));
}

function sizeOf({ inputs, outputs }: AllocatedProjection): number {
  return inputs * outputs;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
