/** What there is to share out, and how each resource is counted. */
import type { Resource } from '@alphalora/contracts';

export interface ResourceKind {
  /** Whether it comes in integers. */
  readonly whole: boolean;
  /** Whether it consists of trainable parameters beside the model's own. */
  readonly adapter: boolean;
  /** Whether the layers share a total; multipliers stand for themselves. */
  readonly shared: boolean;
  /** Bounds of a layer, where none are given. */
  readonly min: number;
  readonly max: number;
}

const adapter = { whole: true, adapter: true, shared: true, min: 1, max: Number.POSITIVE_INFINITY };
const multiplier = {
  whole: false,
  adapter: false,
  shared: false,
  min: 0,
  max: Number.POSITIVE_INFINITY,
};

export const resources: Readonly<Record<Resource, ResourceKind>> = {
  experts: adapter,
  rank: adapter,
  // From one bit to the half precision that models are stored in.
  bits: { whole: true, adapter: false, shared: true, min: 1, max: 16 },
  sparsity: { whole: false, adapter: false, shared: true, min: 0, max: 1 },
  'learning-rate': multiplier,
  'weight-decay': multiplier,
};
