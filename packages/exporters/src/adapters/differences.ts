/**
 * Whether a trained adapter has what an allocation asked for. Trainers ignore keys of `rank_pattern` that
 * match nothing, and module names that do not exist when others do, without a word.
 *
 * A trainer without experts has one LoRA of rank experts x rank for a module, as `export` writes it.
 */
import { type Adapter, moduleFinder } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import { adaptedModules } from '../shared/adapters.js';

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
  const modules = adaptedModules(allocation, 'adapter verify');
  const roles = allocation.projections!.map(({ role = '' }) => role);
  const unknown = targets?.find((target) => !roles.includes(target));
  if (unknown !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the allocation has no projection with the role ${JSON.stringify(unknown)}; it has ${[...new Set(roles)].join(', ')}`,
    );
  }
  const find = moduleFinder(
    modules.map(({ module }) => module),
    adapter,
  );
  const trained = new Map<string, number[]>();
  for (const { module, rank } of adapter.updates) {
    const name = find(module) ?? module;
    trained.set(name, [...(trained.get(name) ?? []), rank]);
  }
  const hasExperts = adapter.format === 'AlphaLoRA';
  const differences: ModuleDifference[] = [];
  let equal = 0;
  for (const [i, { module, experts, rank }] of modules.entries()) {
    const ranks = trained.get(module);
    trained.delete(module);
    if (targets && !targets.includes(roles[i]!)) continue;
    const total = experts * rank;
    const wanted =
      total === 0 ? [] : hasExperts ? Array.from({ length: experts }, () => rank) : [total];
    if (wanted.join() === (ranks ?? []).join()) equal += 1;
    else {
      differences.push({
        module,
        allocated: portionOf(wanted),
        ...(ranks && { trained: portionOf(ranks) }),
      });
    }
  }
  for (const [module, ranks] of trained) differences.push({ module, trained: portionOf(ranks) });
  return { equal, differences };
}

function portionOf(ranks: readonly number[]): ModulePortion {
  return { experts: ranks.length, ranks };
}
