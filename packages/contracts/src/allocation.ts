/** The Allocation document: how many experts each block gets, and by which rule. */

export interface Allocation {
  schemaVersion: 1;
  kind: 'allocation';
  policy: { name: string; version: string; options: Record<string, unknown> };
  budget: { unit: 'experts'; total: number; min?: number; max?: number };
  rounding: Rounding;
  blocks: AllocatedBlock[];
  /** Experts by position in `blocks`. */
  experts: number[];
  /** Experts that the router selects per token, by position in `blocks`. */
  topK: number[];
  /** Present when the shapes of the adapted projections are known. */
  parameters?: { rank: number; trainable: number };
  /** How the result fares when the alphas are drawn anew; details by block. */
  robustness?: Robustness;
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
  /** Part of the budget that the policy asked for; the shares sum to 1. */
  share: number;
  experts: number;
  topK: number;
  robustness?: BlockRobustness;
}

export interface BlockRobustness {
  /** Share of the draws in which the block gets another number of experts. */
  changed: number;
  /** The middle 95 % of its number of experts over the draws. */
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
