/**
 * What the formats for adapters share: the matrices that an allocation of experts or ranks adapts.
 * What trainers without experts make of them is in `lora/`.
 */
import { unwrappedName } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';

export interface AdaptedModule {
  /** Of its weight in the checkpoint. */
  name: string;
  /** That name without `.weight` and wrappers. */
  module: string;
  block: number;
  role: string;
  inputs: number;
  outputs: number;
  experts: number;
  /** Of each expert. */
  rank: number;
  /** Experts that the router selects per token. */
  topK: number;
}

/** Of the LoRA of a module that was selected: PEFT's own default. */
export const selectedRank = 8;

/**
 * Every projection, also those that got nothing, in the checkpoint's order.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the allocation has no names or no rank
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
  return projections.map((projection) => {
    const { name, block, role, inputs, outputs, experts = 1 } = projection;
    const { rank = budget.unit === 'selection' ? selectedRank * projection.value! : undefined } =
      projection;
    const { topK = Math.min(2, experts) } = projection;
    if (rank === undefined) {
      throw new AlphaLoraError(
        'INVALID_DOCUMENT',
        `the format ${format} needs a rank for ${JSON.stringify(name)}, and this allocation of ` +
          `${budget.unit} has none: run alphalora allocate with --rank`,
      );
    }
    const module = unwrappedName(name).replace(/\.weight$/, '');
    return {
      ...{ name, module, block, inputs, outputs, experts, rank, topK },
      role: role ?? module.slice(module.lastIndexOf('.') + 1),
    };
  });
}

/** Whether a name is that of a fused projection or a stacked expert, which are in one tensor with others. */
export function isPart(name: string): boolean {
  return /\[\w+\]$/.test(name);
}

/** @throws AlphaLoraError `INVALID_OPTION` for a role that is not known */
export function requireRoles(
  roles: readonly string[],
  isKnown: (role: string) => boolean,
  known: readonly string[],
): void {
  const unknown = roles.find((role) => !isKnown(role));
  if (unknown === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `no module of this allocation has the role ${JSON.stringify(unknown)}: targets are some of ` +
      [...new Set(known)].join(', '),
  );
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
