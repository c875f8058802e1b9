/**
 * What the formats for adapters share: the modules that an allocation of experts or ranks adapts,
 * and, for trainers without experts, the one LoRA that each of them gets instead.
 *
 * E experts of rank r have the matrices of one LoRA of rank E r: A stacked is [E r, inputs], B side
 * by side is [outputs, E r], so (inputs + outputs) E r parameters in both cases. What is lost is the
 * router, with its inputs x E parameters and the choice of the top k.
 */
import { type LoraPatterns, loraPatterns, unwrappedName } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import { printable, resources } from '@alphalora/documents';

export interface AdaptedModule {
  /** Its name in the model: that of its weight in the checkpoint, without `.weight` and wrappers. */
  module: string;
  block: number;
  inputs: number;
  outputs: number;
  experts: number;
  /** Of each expert. */
  rank: number;
}

export interface LoraModule extends Pick<AdaptedModule, 'module' | 'inputs' | 'outputs'> {
  rank: number;
}

/**
 * Every projection, also those that got nothing, in the checkpoint's order.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the allocation has no names or no rank, or names a
 *   part of a tensor that cannot have an adapter of its own
 */
export function adaptedModules(
  { projections, budget }: Allocation,
  format: string,
): AdaptedModule[] {
  if (!projections) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `the format ${format} needs the names of the projections, and this allocation has none: ` +
        'run alphalora allocate on an analysis.json, which knows them, not on a file of scores',
    );
  }
  return projections.map(({ name, block, inputs, outputs, experts = 1, rank }) => {
    if (rank === undefined) {
      throw new AlphaLoraError(
        'INVALID_DOCUMENT',
        `the format ${format} needs a rank for ${JSON.stringify(name)}, and this allocation of ` +
          `${budget.unit} has none: run alphalora allocate with --rank`,
      );
    }
    if (/\[\w+\]$/.test(name)) {
      throw new AlphaLoraError(
        'INVALID_DOCUMENT',
        `${JSON.stringify(name)} is a part of a stored tensor, and ${format} adapts whole modules: ` +
          'allocate per block',
      );
    }
    const module = unwrappedName(name).replace(/\.weight$/, '');
    return { module, block, inputs, outputs, experts, rank };
  });
}

/**
 * One LoRA for each module that got something.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` as `adaptedModules`, or when no module got anything
 */
export function loraModules(allocation: Allocation, format: string): LoraModule[] {
  const modules = adaptedModules(allocation, format)
    .map(({ module, inputs, outputs, experts, rank }) => ({
      module,
      inputs,
      outputs,
      rank: experts * rank,
    }))
    .filter(({ rank }) => rank > 0);
  if (modules.length > 0) return modules;
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    'no projection of this allocation has a rank above 0: there is nothing to adapt',
  );
}

/**
 * The ranks of modules as PEFT's settings. Some servers read only r and lora_alpha. So every alpha is
 * the rank, and with it every scaling 1, with the patterns and without.
 */
export function ranksOf(modules: readonly LoraModule[]): LoraPatterns {
  return loraPatterns(modules.map(({ module, rank }) => ({ module, rank, alpha: rank })));
}

/** What becomes of experts, and of modules without a rank, in a format for plain LoRAs. */
export function loraNotes(allocation: Allocation, format: string): string[] {
  const adapted = adaptedModules(allocation, format);
  const without = adapted.filter(({ experts, rank }) => experts * rank <= 0).length;
  const beyond = adapted.filter(
    ({ experts, rank, inputs, outputs }) => experts * rank > Math.min(inputs, outputs),
  );
  return [
    ...(resources[allocation.budget.unit].routed
      ? [
          `${format} has no experts: each module gets one LoRA of rank experts x rank, with as many ` +
            'parameters as its experts but without their router and top-k',
        ]
      : []),
    ...(without > 0
      ? [`${without} of ${adapted.length} modules have rank 0 and get no adapter`]
      : []),
    ...(beyond.length > 0
      ? [
          `${beyond.length} of ${adapted.length} modules get a rank above the smaller side of their ` +
            `matrix, beyond which nothing is gained: ${printable(beyond[0]!.module)}` +
            (beyond.length > 1 ? ` and ${beyond.length - 1} more` : ''),
        ]
      : []),
  ];
}

/** @throws AlphaLoraError `INVALID_OPTION` naming the first layer without experts */
export function requireExperts(
  layers: ReadonlyArray<{ what: string; experts: number }>,
  format: string,
): void {
  const empty = layers.find(({ experts }) => experts < 1);
  if (!empty) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${empty.what} has ${empty.experts} experts, and the scripts behind ${format} need at least ` +
      'one everywhere: allocate with --min 1',
  );
}

/** @throws AlphaLoraError `INVALID_OPTION` when the blocks are not 0, 1, 2, ... in this order */
export function requireConsecutive(blocks: Allocation['blocks'], format: string): void {
  const gap = blocks.findIndex(({ index }, position) => index !== position);
  if (gap === -1) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `the scripts behind ${format} look blocks up by position, and position ${gap} of this ` +
      `allocation is block ${blocks[gap]!.index}: allocate all blocks of the model`,
  );
}
