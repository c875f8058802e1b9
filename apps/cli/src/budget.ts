/** From the options of the command line to the budget of an allocation. */
import type { BudgetOptions } from '@alphalora/allocator';
import { AlphaLoraError, defined, type Resource } from '@alphalora/contracts';

export interface BudgetFlags {
  unit: Resource;
  per: 'block' | 'projection';
  /** Units in all. */
  total?: number;
  /** Trainable parameters in all, at most. */
  parameters?: number;
  /** Units per layer on average. */
  average?: number;
  min?: number;
  max?: number;
}

/** What is shared out where no total is given, and by which policy where none is named. */
const defaults: Record<Resource, { policy: string; average?: number; counted: boolean }> = {
  // The published budgets average this many experts per block: 160 for 32 blocks.
  experts: { policy: 'alphalora', average: 5, counted: true },
  rank: { policy: 'alphalora', average: 8, counted: true },
  bits: { policy: 'alphaq', average: 4, counted: false },
  sparsity: { policy: 'alphapruning', average: 0.5, counted: false },
  'learning-rate': { policy: 'tempbalance', counted: false },
  'weight-decay': { policy: 'alphadecay', counted: false },
};

/** The policy of a resource for those who name none. */
export function defaultPolicy(unit: Resource): string {
  return defaults[unit].policy;
}

/** @throws AlphaLoraError `INVALID_OPTION` where the total is given in two ways */
export function budgetFor(flags: BudgetFlags, layers: number): BudgetOptions {
  const { unit, per, min, max } = flags;
  return {
    unit,
    per,
    ...totalOf(flags, layers),
    ...defined({ min, max }),
  };
}

function totalOf(
  { unit, total, parameters, average }: BudgetFlags,
  layers: number,
): Pick<BudgetOptions, 'measure' | 'total'> {
  const given = { '--total': total, '--parameters': parameters, '--average': average };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : name));
  if (names.length > 1) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${names.join(' and ')} both set the total: give one of them`,
    );
  }
  if (total !== undefined) return { total };
  if (parameters !== undefined) return { measure: 'parameters', total: parameters };
  if (average !== undefined) return { measure: 'average', total: average };
  const { average: usual, counted } = defaults[unit];
  if (usual === undefined) return {};
  return counted ? { total: usual * layers } : { measure: 'average', total: usual };
}
