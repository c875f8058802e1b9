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
}
