/**
 * Whether a trained adapter has what an allocation asked for. Trainers ignore keys of `rank_pattern` that
 * match nothing, and module names that do not exist when others do, without a word.
 *
 * A trainer without experts has one LoRA of rank experts x rank for a module, as `export` writes it.
 */
import { type Adapter, namesInMemory } from '@alphalora/checkpoint';
import { moduleFinder } from '@alphalora/checkpoint/adapters';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import { adaptedModules } from '../shared/adapters.js';
import { loraTargets } from '../shared/lora/modules.js';

/** What a module has, or should have. */
export interface ModulePortion {
  readonly experts: number;
  /** Of each expert, in their order where they differ. */
  readonly ranks: readonly number[];
}

export interface ModuleDifference {
  /** By its name in the allocation, or in the adapter where that alone has it. */
  readonly module: string;
  /** Absent where the allocation does not have the module. */
  readonly allocated?: ModulePortion;
  /** Absent where the adapter does not have it. */
  readonly trained?: ModulePortion;
}

export interface AdapterComparison {
  /** Modules that are as they were allocated, those that get nothing and have nothing included. */
  readonly equal: number;
  readonly differences: readonly ModuleDifference[];
}

/**
 * Modules are found by name, or by name without what classes of a family put before it, as names in memory
 * differ from those of a checkpoint.
 *
 * @param adapter opened with `expert: 'each'`
 * @param options.targets roles that are looked at, where the adapter was trained on some only
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the allocation has no names or no ranks;
 *   `INVALID_OPTION` when it has nothing of a target
 */
export function compareAdapter(
  allocation: Allocation,
  adapter: Pick<Adapter, 'updates' | 'format' | 'weights'>,
  { targets }: { targets?: readonly string[] } = {},
): AdapterComparison {
  const hasExperts = adapter.format === 'AlphaLoRA' || adapter.format === 'MoLA';
  const wanted = hasExperts ? expertsOf(allocation) : lorasOf(allocation);
  const roles = new Set(wanted.map(({ role }) => role));
  const unknown = targets?.find((target) => !roles.has(target));
  if (unknown !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the allocation has no projection with the role ${JSON.stringify(unknown)}; it has ${[...roles].join(', ')}`,
    );
  }
  const find = finderOf(wanted, adapter);
  const trained = new Map<string, number[]>();
  for (const { module, rank } of adapter.updates) {
    const name = find(module) ?? module;
    trained.set(name, [...(trained.get(name) ?? []), rank]);
  }
  const differences: ModuleDifference[] = [];
  let equal = 0;
  for (const { module, role, ranks: allocated } of wanted) {
    const ranks = trained.get(module);
    trained.delete(module);
    if (targets && !targets.includes(role)) continue;
    if (allocated.join() === (ranks ?? []).join()) equal += 1;
    else {
      differences.push({
        module,
        allocated: portionOf(allocated),
        ...(ranks && { trained: portionOf(ranks) }),
      });
    }
  }
  for (const [module, ranks] of trained) differences.push({ module, trained: portionOf(ranks) });
  return { equal, differences };
}

/** A module and the rank of each of its experts, of which there may be none. */
interface Wanted {
  readonly module: string;
  readonly role: string;
  readonly ranks: readonly number[];
  /** Its name from the list of its blocks on. */
  readonly end: string;
}

/** As `train` makes them. */
function expertsOf(allocation: Allocation): Wanted[] {
  return adaptedModules(allocation, command).map(({ module, role, experts, rank }) => ({
    ...{ module, role, end: endOf(module) },
    ranks: Array.from({ length: rank > 0 ? experts : 0 }, () => rank),
  }));
}

/** As they are exported for trainers without experts, by their names in memory. */
function lorasOf(allocation: Allocation): Wanted[] {
  return loraTargets(allocation, command).map(({ before, name, parameter, role, rank }) => {
    const end = parameter ? name.replace(/\.weight$/, '') : name;
    return { module: [...before, end].join('.'), role, end, ranks: rank > 0 ? [rank] : [] };
  });
}

const command = 'adapter verify';

/** By the whole name, or else by its end from the list of blocks on, where that is of one module. */
function finderOf(
  wanted: readonly Wanted[],
  adapter: Pick<Adapter, 'format' | 'weights'>,
): (module: string) => string | undefined {
  const find = moduleFinder(
    wanted.map(({ module }) => module),
    adapter,
  );
  const ends = new Map<string, string[]>();
  for (const { end, module } of wanted) ends.set(end, [...(ends.get(end) ?? []), module]);
  return (module) => {
    const [only, ...others] = ends.get(endOf(module)) ?? [];
    return find(module) ?? (others.length === 0 ? only : undefined);
  };
}

function endOf(module: string): string {
  return namesInMemory(`${module}.weight`)[0]!.name;
}

function portionOf(ranks: readonly number[]): ModulePortion {
  return { experts: ranks.length, ranks };
}
