/**
 * An allocation of any resource, as the page looks at it: layers with their amounts, and what they
 * make together.
 */
import { type AllocatedProjection, type Allocation, defined } from '@alphalora/contracts';
import {
  amountOf,
  amountsByBlock,
  blockLabel,
  excessRank,
  labelOf,
  summaryOf,
} from '@alphalora/documents';
import { type ResourceWords, wordsOf } from './resource.js';

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
  /** Where experts have a higher rank than their matrices can have. */
  excess?: ReturnType<typeof excessRank>;
}

export interface AllocatedLayer {
  /** `block 3`, or `block 3 q_proj` */
  name: string;
  amount: number;
}

export function allocationFacts(allocation: Allocation): AllocationFacts {
  const { projections: all, ...rest } = allocation;
  const { per, unit } = allocation.budget;
  const projections = per === 'projection' ? all : undefined;
  const labels = new Map(allocation.blocks.map((block) => [block.index, blockLabel(block)]));
  const filled = allocation.blocks.filter(({ empty }) => empty === undefined);
  const named = projections
    ? projections.map((one) => ({
        name: `block ${labels.get(one.block)} ${labelOf(one)}`,
        amount: amountOf(one, unit),
      }))
    : amountsByBlock({ ...allocation, blocks: filled }).map((amount, i) => ({
        name: `block ${blockLabel(filled[i]!)}`,
        amount,
      }));
  const { average, sum } = summaryOf(allocation).amounts;
  return {
    ...rest,
    words: wordsOf(unit),
    layers: named.flatMap(({ name, amount }) => (amount === undefined ? [] : [{ name, amount }])),
    average,
    ...defined({ sum }),
    ...(projections && { projections }),
    ...defined({ excess: excessRank(allocation) }),
  };
}
