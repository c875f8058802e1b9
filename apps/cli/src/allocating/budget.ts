/** From the options of the command line to the budget of an allocation. */
import { type BudgetOptions, defaultTotal } from '@alphalora/allocator';
import { AlphaLoraError, defined, type Resource } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { defaultResource, resourceNames, resources } from '@alphalora/documents';
import type { PolicyInfo } from '@alphalora/plugins';
import type { ResourceOptions } from '../options/allocating.js';

/** What is allocated to what, with nothing left open. */
export interface Chosen {
  unit: Resource;
  per: 'block' | 'projection';
}

/** What the options say, or else the first resource that all of the policies are for. */
export function chosenResource(
  { unit, per }: Pick<ResourceOptions, 'unit' | 'per'>,
  policies: ReadonlyArray<Pick<PolicyInfo, 'traits'>>,
): Chosen {
  const common = resourceNames.find((name) =>
    policies.every(({ traits }) => traits.resources.includes(name)),
  );
  const chosen = unit ?? common ?? defaultResource;
  return { unit: chosen, per: per ?? resources[chosen].per };
}

type BudgetFlags = Chosen &
  Pick<ResourceOptions, 'total' | 'parameters' | 'average' | 'share' | 'min' | 'max'>;

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
  { unit, total, parameters, average, share }: BudgetFlags,
  layers: number,
): Pick<BudgetOptions, 'measure' | 'total'> {
  const given = {
    '--total': total,
    '--parameters': parameters,
    '--average': average,
    '--share': share,
  };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : name));
  if (names.length > 1) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${names.join(' and ')} both set the total: give one of them`,
    );
  }
  const selection = unit === 'selection';
  if (selection ? average !== undefined : share !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      selection
        ? '--average is not for a selection: --share 0.25 selects a quarter of the layers'
        : `--share is for a selection, not for ${unit}: give --average`,
    );
  }
  if (total !== undefined) return { total };
  if (parameters !== undefined) return { measure: 'parameters', total: parameters };
  const mean = average ?? share;
  if (mean !== undefined) return { measure: 'average', total: mean };
  return defaultTotal(unit, layers);
}

/** The layers that get something of the budget, known from the matrices that are to be measured. */
export function layersIn(
  matrices: readonly WeightDescription[],
  { per, stack }: Pick<Chosen, 'per'> & { stack?: string | undefined },
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
