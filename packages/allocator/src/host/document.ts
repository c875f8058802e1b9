/** Writes an allocation down: what each block and each projection gets, and what that costs. */
import {
  type AllocatedBlock,
  type AllocatedModel,
  type AllocatedProjection,
  type Allocation,
  type AllocationBudget,
  defined,
  type Rounding,
} from '@alphalora/contracts';
import type { PolicyLayer } from '@alphalora/contracts/extensions';
import { resources } from '@alphalora/documents';
import type { EmptyBlock, Layer } from '../layers.js';
import { trainableOf } from '../parameters.js';

export interface Decision {
  policy: Allocation['policy'];
  budget: AllocationBudget;
  /** Absent where no integers were made of weights. */
  rounding?: Rounding;
  model?: AllocatedModel;
  /** Name of the stack of blocks that they are of. */
  stack?: string;
  layers: readonly (Layer & PolicyLayer)[];
  /** Blocks that get nothing. */
  empty: readonly EmptyBlock[];
  /** What the policy returned; absent where that were the quantities themselves. */
  weights?: readonly number[];
  quantities: readonly number[];
  /** Most experts that the router selects per token. */
  topK: number;
  /** LoRA rank of each expert. */
  rank: number;
  /** Whether a router counts also where there is one expert. */
  routerForOne: boolean;
  /** The share of the model's parameters that the scores rest on. */
  covers: number;
  /** What bounds made of the rule, in words. */
  notes: readonly string[];
}

/** What one layer gets. */
type Portion = Pick<AllocatedProjection, 'experts' | 'topK' | 'rank' | 'value'>;

export function documentOf(decision: Decision): Allocation {
  const { policy, model, stack, budget, rounding, layers, quantities, topK, rank } = decision;
  const { covers, notes, routerForOne } = decision;
  const { unit, per } = budget;
  const { adapter: adapters, field } = resources[unit];
  const metric = layers[0]?.scoredBy;
  const shares = sharesOf(decision);
  const gets = quantities.map((amount): Portion => {
    if (field === 'rank') return { experts: 1, topK: 1, rank: amount };
    if (field === 'value') return { value: amount };
    return { experts: amount, topK: Math.max(1, Math.min(topK, amount)), rank };
  });
  const filled: AllocatedBlock[] =
    per === 'projection'
      ? sums(decision, shares, gets)
      : layers.map(({ block: index, stack: place, score, weak, max }, i) => {
          const { rank: own, ...rest } = gets[i]!;
          const block: AllocatedBlock = { index, ...defined({ stack: place }), score, ...rest };
          if (weak !== undefined) block.weak = weak;
          if (shares) block.share = shares[i]!;
          // The rank of experts is the same everywhere.
          if (field === 'rank') block.rank = own!;
          if (own === max && max !== undefined) block.cap = max;
          return block;
        });
  const blocks = withEmpty(filled, decision);
  const projections = layers.flatMap(({ block, score, weak, max, modules = [] }, i) =>
    modules.map(({ name, role, inputs, outputs }) => {
      const projection: AllocatedProjection = { name, block, inputs, outputs, ...gets[i] };
      if (role !== undefined) projection.role = role;
      if (per !== 'projection') return projection;
      projection.score = score;
      if (weak !== undefined) projection.weak = weak;
      if (max !== undefined && quantities[i] === max) projection.cap = max;
      if (shares) projection.share = shares[i]!;
      return projection;
    }),
  );
  const shaped = layers.every(({ modules = [] }) => modules.length > 0);
  const trainable = layers.reduce(
    (sum, layer, i) =>
      sum + trainableOf(resources[unit], layer, { units: quantities[i]!, routerForOne }),
    0,
  );
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy,
    ...defined({ model, stack }),
    budget,
    ...(metric !== undefined && metric !== 'alpha' && { scoredBy: metric }),
    ...(covers < 1 && { covers }),
    ...(rounding && { rounding }),
    ...(notes.length > 0 && { notes: [...notes] }),
    blocks,
    ...(shaped && { projections }),
    experts: adapters ? blocks.map(({ experts }) => experts!) : [],
    topK: adapters ? blocks.map((block) => block.topK!) : [],
    ...(shaped &&
      adapters && {
        parameters: {
          rank: field === 'rank' ? quantities.reduce((a, b) => Math.max(a, b), 1) : rank,
          trainable,
        },
      }),
  };
}

/** In their order, with those that get nothing. */
function withEmpty(
  filled: readonly AllocatedBlock[],
  { empty, budget: { unit } }: Decision,
): AllocatedBlock[] {
  const { adapter, field } = resources[unit];
  const nothing = {
    score: 0,
    ...(adapter && { share: 0, experts: 0, topK: 1 }),
    ...(field === 'rank' && { rank: 0 }),
  };
  const rest = empty.map(({ block: index, why }) => ({ index, ...nothing, empty: why }));
  if (rest.length === 0) return [...filled];
  return [...filled, ...rest].sort((a, b) => a.index - b.index);
}

/** Parts of the budget that were asked for; absent where nothing is shared. */
function sharesOf({ weights, quantities, budget }: Decision): readonly number[] | undefined {
  const asked = weights ?? (resources[budget.unit].adapter ? quantities : []);
  const sum = asked.reduce((accumulated, part) => accumulated + part, 0);
  if (asked.length === 0) return undefined;
  return asked.map((part) => (sum > 0 ? part / sum : 1 / asked.length));
}

/** Of a budget per projection: each block with what its projections get together. */
function sums(
  { layers, budget }: Decision,
  shares: readonly number[] | undefined,
  gets: readonly Portion[],
): AllocatedBlock[] {
  const { field } = resources[budget.unit];
  const members = new Map<number, number[]>();
  for (const [i, { block }] of layers.entries()) {
    const earlier = members.get(block);
    if (earlier) earlier.push(i);
    else members.set(block, [i]);
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([index, own]) => {
      const sum = (of: (i: number) => number): number => own.reduce((all, i) => all + of(i), 0);
      // Rounding errors must not add up to more than everything.
      const share =
        shares &&
        Math.min(
          1,
          sum((i) => shares[i]!),
        );
      return {
        index,
        ...defined({ stack: layers[own[0]!]!.stack }),
        // What the allocation per block has, which need not be their mean.
        score: layers[own[0]!]!.blockScore ?? sum((i) => layers[i]!.score) / own.length,
        ...defined({ share }),
        ...(field === 'experts' && {
          experts: sum((i) => gets[i]!.experts!),
          topK: own.reduce((most, i) => Math.max(most, gets[i]!.topK!), 1),
        }),
        ...(field === 'rank' && { experts: 1, topK: 1, rank: sum((i) => gets[i]!.rank!) }),
      };
    });
}
