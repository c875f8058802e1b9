/** The Allocation document: how much of a resource each block or projection gets, and by which rule. */
import type { Resource } from './policy.js';

export interface Allocation {
  schemaVersion: 1;
  kind: 'allocation';
  policy: {
    name: string;
    version: string;
    options: Record<string, unknown>;
    /**
     * What the policy says of its rule: the end of a sentence that begins with what is shared out among
     * which layers. Absent where it says nothing.
     */
    rule?: string;
    /** Package or path that a foreign policy was loaded from; absent where the name is enough. */
    from?: string;
  };
  budget: AllocationBudget;
  /** Present where integers were made of the policy's weights. */
  rounding?: Rounding;
  blocks: AllocatedBlock[];
  /** Where the shapes are known: every linear map that gets something, in the checkpoint's order. */
  projections?: AllocatedProjection[];
  /** Experts by position in `blocks`; empty for resources that are no adapters. */
  experts: number[];
  /** Experts that the router selects per token, by position in `blocks`; empty like `experts`. */
  topK: number[];
  /** Present when the shapes of the adapted projections are known. */
  parameters?: { rank: number; trainable: number };
  /** How the result fares when the alphas are drawn anew; details by block. */
  robustness?: Robustness;
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
  total?: number;
  min?: number;
  max?: number;
}

export interface Robustness {
  /** Bootstrap draws of all alphas, each allocated by the same rule. */
  draws: number;
  /** Mean of sum |experts of a draw - experts| over the draws, in experts. */
  distance: number;
}

/** Rules from real-valued quotas to integers that keep the total. */
export type Rounding = 'largest-remainder' | 'official' | 'floor-one';

export interface AllocatedBlock {
  index: number;
  /** What the policy looked at, e.g. alpha. */
  score: number;
  /** Why the score is the mean of the others: none of the block's projections has a fit that says anything. */
  weak?: string;
  /** Part of the budget that the policy asked for; the shares of all layers sum to 1. */
  share?: number;
  /** Of a budget per projection: the sum over the block's projections. Present for adapters. */
  experts?: number;
  topK?: number;
  /** LoRA rank, where ranks were shared out: of each projection, or the sum over them. */
  rank?: number;
  /** Where the rank is the largest that the smallest of its matrices can have: that rank. */
  cap?: number;
  /** Bits, sparsity or multiplier, where those were decided by block. */
  value?: number;
  robustness?: BlockRobustness;
}

/** A linear map and what it gets. */
export interface AllocatedProjection {
  /** Name of its weight in the checkpoint. */
  name: string;
  block: number;
  role?: string;
  inputs: number;
  outputs: number;
  /** Where the budget is per projection. */
  score?: number;
  /** Why the score is a mean of others: the projection has no fit that says anything. */
  weak?: string;
  share?: number;
  /** Experts, experts selected per token, and LoRA rank of each; absent for other resources. */
  experts?: number;
  topK?: number;
  rank?: number;
  /** Where the rank is the largest that its matrix can have, min(inputs, outputs): that rank. */
  cap?: number;
  /** Bits, sparsity or multiplier. */
  value?: number;
}

export interface BlockRobustness {
  /** Share of the draws in which the block gets another number of experts. */
  changed: number;
  /** The middle 95 % of its number of experts over the draws: quantiles, which may be fractions. */
  experts: [low: number, high: number];
  /** The projection whose removal changes the block most; absent where there is only one. */
  driver?: {
    name: string;
    role?: string;
    alpha: number;
    /** Experts of the block without this projection. */
    experts: number;
  };
}
