/** Experts of a higher rank than their matrices can have, min(inputs, outputs). */
import type { AllocatedProjection, Allocation } from '@alphalora/contracts';
import { resources } from './resources.js';

export interface ExcessRank {
  /** Of each expert. */
  readonly rank: number;
  /** The projections whose smaller side is below it. */
  readonly projections: readonly AllocatedProjection[];
}

/** Where experts have such a rank; undefined where none has, and where the shapes are not known. */
export function excessRank({
  budget,
  projections = [],
  parameters,
}: Pick<Allocation, 'budget' | 'projections' | 'parameters'>): ExcessRank | undefined {
  if (!resources[budget.unit].routed || !parameters) return undefined;
  const { rank } = parameters;
  const small = projections.filter(({ inputs, outputs }) => Math.min(inputs, outputs) < rank);
  return small.length === 0 ? undefined : { rank, projections: small };
}
