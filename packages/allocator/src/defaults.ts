/** What holds where a user names no policy or no total: the usual ones of each resource. */
import type { Resource } from '@alphalora/contracts';
import { resources } from '@alphalora/documents';
import type { BudgetOptions } from './budget/budget.js';

const usual: Readonly<Record<Resource, { policy: string; average?: number }>> = {
  // The published budgets average this many experts per block: 160 for 32 blocks.
  experts: { policy: 'alphalora', average: 5 },
  rank: { policy: 'alphalora', average: 8 },
  bits: { policy: 'alphaq', average: 4 },
  sparsity: { policy: 'alphapruning', average: 0.5 },
  // As the scans that Spectrum's authors published were used: the upper quarter.
  selection: { policy: 'spectrum', average: 0.25 },
  'learning-rate': { policy: 'tempbalance' },
  'weight-decay': { policy: 'alphadecay' },
};

/** Name of the built-in policy that a resource is usually allocated by. */
export function defaultPolicy(unit: Resource): string {
  return usual[unit].policy;
}

/**
 * The total that a resource usually has, as a part of a budget: units for experts and ranks (5 and 8
 * per layer), an average for bits (4), sparsity (0.5) and selection (0.25), nothing for factors.
 *
 * @param layers number of layers that the budget is for
 */
export function defaultTotal(
  unit: Resource,
  layers: number,
): Pick<BudgetOptions, 'measure' | 'total'> {
  const { average } = usual[unit];
  if (average === undefined) return {};
  return resources[unit].adapter
    ? { total: average * layers }
    : { measure: 'average', total: average };
}
