/**
 * What gets a LoRA in the model that a trainer loads, and of which rank: modules, and parameters that are in
 * no module of their own, by their names in memory.
 *
 * One LoRA has one rank. What is stored as several matrices and held as one (the experts of a block, the
 * gate beside the up projection) gets the mean of their ranks, weighted by what a rank costs each.
 */
import { namesInMemory } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import { type AdaptedModule, adaptedModules } from '../adapters.js';

export interface LoraTarget {
  /** Its name in memory, from the list of its blocks on; of a parameter with the parameter's own. */
  readonly name: string;
  /** What stands before it on disk. */
  readonly before: readonly string[];
  /** Whether it is a parameter, not a module. */
  readonly parameter: boolean;
  readonly block: number;
  readonly role: string;
  readonly rank: number;
  /** Trainable parameters of one rank. */
  readonly cost: number;
  /** The smaller side of its smallest matrix. */
  readonly side: number;
  /** The matrices on disk that it holds. */
  readonly matrices: readonly AdaptedModule[];
}

/** Every target of an allocation, in the checkpoint's order; the rank is 0 where it gets nothing. */
export function loraTargets(allocation: Allocation, format: string): LoraTarget[] {
  const { architecture } = allocation.model ?? {};
  const held = new Map<
    string,
    Pick<LoraTarget, 'name' | 'before' | 'parameter'> & { own: AdaptedModule[] }
  >();
  for (const matrix of adaptedModules(allocation, format)) {
    const names = namesInMemory(matrix.name, architecture);
    for (const { name, before, parameter } of names) {
      const key = [...before, name].join('.');
      const one = held.get(key) ?? { name, before, parameter, own: [] };
      one.own.push({ ...matrix, outputs: matrix.outputs / names.length });
      held.set(key, one);
    }
  }
  const isConverted = convertsExperts(allocation);
  return [...held.values()].map(({ own, ...place }) => {
    const target = isConverted ? whole(place) : place;
    const costs = own.map(({ inputs, outputs }) => inputs + outputs);
    const all = sum(costs);
    const spent = sum(own.map(({ experts, rank }, i) => Math.max(0, experts * rank) * costs[i]!));
    return {
      ...target,
      block: own[0]!.block,
      role: own[0]!.role,
      rank: spent > 0 ? Math.max(1, Math.round(spent / all)) : 0,
      cost: all,
      side: Math.min(...own.map(({ inputs, outputs }) => Math.min(inputs, outputs))),
      matrices: own,
    };
  });
}

/**
 * Whether PEFT changes names in its lists that end in these of projections: of models whose experts each had
 * modules before version 5 of transformers it takes `gate_proj`, also that of a shared expert, for the
 * experts of all blocks (`_convert_peft_config_moe`). Names of parameters it leaves alone.
 */
function convertsExperts({ projections = [], model }: Allocation): boolean {
  const names = [...projections.map(({ name }) => name), ...(model?.others ?? [])];
  return names.some((name) => /(^|\.)experts\.(\d+|\*)\./.test(name));
}

const converted = /(^|\.)(gate|gate_proj|up_proj|down_proj|w[123])$/;

/** The weight of such a module as a parameter. */
function whole<Target extends Pick<LoraTarget, 'name' | 'parameter'>>(target: Target): Target {
  if (target.parameter || !converted.test(target.name)) return target;
  return { ...target, name: `${target.name}.weight`, parameter: true };
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` when there is nothing to adapt */
export function requireSome(targets: readonly LoraTarget[]): void {
  if (targets.some(({ rank }) => rank > 0)) return;
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    'no projection of this allocation has a rank above 0: there is nothing to adapt',
  );
}

/** Whether the matrices that a target holds were to have different ranks. */
export function isMixed({ matrices, rank }: LoraTarget): boolean {
  return matrices.some((own) => own.experts * own.rank !== rank);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
