/** From the options of the command line to the budget of an allocation. */
import { type BudgetOptions, defaultTotal } from '@alphalora/allocator';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import type { ResourceOptions } from '../options/allocating.js';

type BudgetFlags = Pick<
  ResourceOptions,
  'unit' | 'per' | 'total' | 'parameters' | 'average' | 'min' | 'max'
>;

/** @throws AlphaLoraError `INVALID_OPTION` where the total is given in two ways */
export function budgetFor(
  flags: BudgetFlags,
  layers: number,
): BudgetOptions & Pick<BudgetFlags, 'unit'> {
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
  return defaultTotal(unit, layers);
}

/** The layers that get something of the budget, known from the matrices that are to be measured. */
export function layersIn(
  matrices: readonly WeightDescription[],
  { per, stack }: Pick<ResourceOptions, 'per'> & { stack?: string | undefined },
): { blocks: number; projections?: number } {
  // Of a stack that was chosen, nothing else is to be measured.
  const blockOf = (weight: WeightDescription): number | undefined =>
    weight.block ?? (stack === undefined ? undefined : weight.stack?.block);
  const maps = matrices.filter((one) => one.kind === 'projection' && blockOf(one) !== undefined);
  const blocks = new Set(maps.map(blockOf)).size;
  if (per === 'block') return { blocks };
  // The parts of a fused projection are one map.
  return { blocks, projections: new Set(maps.map(({ name, partOf }) => partOf ?? name)).size };
}
