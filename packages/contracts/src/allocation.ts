/** The Allocation document: how much of a resource each block or projection gets, and by which rule. */
import type { Resource } from './policy.js';
import type {
  BetweenIntegers,
  Count,
  Experts,
  Integer,
  NotNegative,
  Ordinal,
  Positive,
  Rank,
  Share,
  Side,
  Units,
  Words,
} from './quantities.js';
import type { StackPlace } from './weights.js';

/** How much of a resource, such as LoRA experts, each part of a model gets */
export interface Allocation {
  schemaVersion: 1;
  kind: 'allocation';
  policy: {
    name: Words;
    version: Words;
    options: Record<string, unknown>;
    /**
     * What the policy says of its rule: the end of a sentence that begins with what is shared out among
     * which layers. Absent where it says nothing.
     */
    rule?: Words;
    /** Package or path that a foreign policy was loaded from; absent where the name is enough. */
    from?: Words;
  };
  /** The model that it is for; absent where scores came without an analysis. */
  model?: AllocatedModel;
  /** Name of the stack of blocks that it is for, where the model has several. */
  stack?: Words;
  budget: AllocationBudget;
  /** The metric that the scores are, where the policy looked at one other than alpha. */
  scoredBy?: Words;
  /**
   * The share of the parameters of the blocks' projections that the scores rest on, where others were
   * skipped, failed or have fits that say nothing.
   */
  covers?: Share;
  /** Present where integers were made of the policy's weights. */
  rounding?: Rounding;
  /**
   * What bounds made of the rule, such as layers that are pruned as a whole, and that the blocks cannot be
   * told apart; absent where nothing.
   */
  notes?: Words[];
  blocks: AllocatedBlock[];
  /** Where the shapes are known: every linear map that gets something, in the checkpoint's order. */
  projections?: AllocatedProjection[];
  /** Experts by position in `blocks`; empty for resources that are no adapters. */
  experts: Integer[];
  /** Experts that the router selects per token, by position in `blocks`; empty like `experts`. */
  topK: Units[];
  /** Present when the shapes of the adapted projections are known. */
  parameters?: { rank: Units; trainable: Integer };
  /** How the result fares when the alphas are drawn anew; details by block. */
  robustness?: Robustness;
}

export interface AllocatedModel {
  /** Path or `hf://org/name@revision`. */
  source: Words;
  /** Its class, as in an analysis. */
  architecture?: Words;
  /**
   * Its matrices that get nothing because the allocation is not for them (other stacks, embeddings, heads,
   * routers), by their names in the checkpoint with `*` in place of numbers: what programs that look modules
   * up by their names must leave alone.
   */
  others?: Words[];
}

export interface AllocationBudget {
  unit: Resource;
  /** What gets a share. @default 'block' */
  per?: 'block' | 'projection';
  /**
   * What `total` counts: units in all, trainable parameters, or the average of the layers (of
   * sparsity: weighted by their parameters). @default 'units'
   */
  measure?: 'units' | 'parameters' | 'average';
  /** Absent for multipliers. */
  total?: NotNegative;
  min?: NotNegative;
  max?: NotNegative;
}

export interface Robustness {
  /** Draws of all alphas, each allocated by the same rule. */
  draws: Ordinal;
  /** Mean of sum |experts of a draw - experts| over the draws, in experts. */
  distance: NotNegative;
}

/** Rules from real-valued quotas to integers that keep the total. */
export type Rounding = 'largest-remainder' | 'official' | 'floor-one';

export interface AllocatedBlock {
  index: Count;
  /** Of an encoder and its decoder: the one that the block is in, and its number there. */
  stack?: StackPlace;
  /** What the policy looked at, e.g. alpha. */
  score: number;
  /**
   * Why the score is the mean of the others: none of the block's projections has a fit that says
   * anything, or the metric.
   */
  weak?: Words;
  /** Why it gets nothing and has the score 0: there is nothing in it to give anything to. */
  empty?: Words;
  /** Part of the budget that the policy asked for; the shares of all layers sum to 1. */
  share?: Share;
  /** Of a budget per projection: the sum over the block's projections. Present for adapters. */
  experts?: Integer;
  topK?: Units;
  /** LoRA rank, where ranks were shared out: of each projection, or the sum over them. */
  rank?: Count;
  /** Where the rank is the largest that the smallest of its matrices can have: that rank. */
  cap?: Units;
  /** Bits, sparsity, selection (0 or 1) or multiplier, where those were decided by block. */
  value?: NotNegative;
  robustness?: BlockRobustness;
}

/** A linear map and what it gets. */
export interface AllocatedProjection {
  /** Name of its weight in the checkpoint. */
  name: Words;
  block: Count;
  role?: Words;
  inputs: Side;
  outputs: Side;
  /** Where the budget is per projection. */
  score?: number;
  /** Why the score is a mean of others: the projection has no fit that says anything, or no such metric. */
  weak?: Words;
  share?: Share;
  /** Experts, experts selected per token, and LoRA rank of each; absent for other resources. */
  experts?: Experts;
  topK?: Units;
  rank?: Rank;
  /** Where the rank is the largest that its matrix can have, min(inputs, outputs): that rank. */
  cap?: Units;
  /** Bits, sparsity, selection (0 or 1) or multiplier. */
  value?: NotNegative;
}

export interface BlockRobustness {
  /** Share of the draws in which the block gets another number of experts. */
  changed: Share;
  /** The middle 95 % of its number of experts over the draws: quantiles, which may be fractions. */
  experts: [low: BetweenIntegers, high: BetweenIntegers];
  /** The projection whose removal changes the block most; absent where there is only one. */
  driver?: {
    name: Words;
    role?: Words;
    alpha: Positive;
    /** Experts of the block without this projection. */
    experts: Integer;
  };
}
