/**
 * Arguments of the training and evaluation scripts of MoLA (Gao et al. 2024, arXiv 2402.08562;
 * github.com/GCYZSL/MoLA) and AlphaLoRA (Qing et al. 2024, github.com/morelife2017/alphalora):
 * `--number_experts`, `--top_k` and `--lora_r`, each a comma-separated list with one number per
 * block, and `--lora_target_modules`, names of modules that are adapted in every block.
 *
 * The text is to be pasted at the end of a command. The lists are looked up by the index of the
 * block, a block without experts cannot be built, and projections of a block cannot differ.
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { requireConsecutive, requireExperts } from '../shared/adapters.js';

export const mola: Exporter<Allocation> = {
  name: 'mola',
  kinds: ['allocation'],
  units: ['experts'],
  export(allocation) {
    if (allocation.budget.per === 'projection') {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        'the scripts of MoLA take one number of experts per block, and this allocation has them ' +
          'per projection: --to guilomo, peft, axolotl or csv, or allocate per block',
      );
    }
    const { blocks, topK, parameters } = allocation;
    requireConsecutive(blocks, 'mola');
    // In a block without projections nothing is built, whatever the number.
    const experts = blocks.map((block) => (block.empty === undefined ? block.experts! : 1));
    requireExperts(
      experts.map((count, index) => ({ what: `block ${index}`, experts: count })),
      'mola',
    );
    const roles = commonRoles(allocation);
    const lists: Record<string, ReadonlyArray<string | number>> = {
      ...(parameters && { lora_r: blocks.map(() => parameters.rank) }),
      ...(roles && { lora_target_modules: roles }),
      number_experts: experts,
      top_k: topK,
    };
    const words = Object.entries(lists).map(([name, values]) => `--${name} "${values.join(',')}"`);
    return { files: `${words.join(' \\\n')}\n`, notes: notesOn(allocation, roles) };
  },
};

function notesOn(
  { parameters, projections, blocks }: Allocation,
  roles: string[] | undefined,
): string[] {
  const empty = blocks.filter((block) => block.empty !== undefined);
  const single = projections?.some(({ experts }) => experts === 1);
  return [
    ...(single && parameters
      ? [
          `the released code makes a router where there is one expert, too: ${trainableThere(projections!).toLocaleString('en-US')} trainable parameters in all`,
        ]
      : []),
    ...empty.map(({ index, empty: why }) => `block ${index} has 1 for none: ${why}`),
    ...(parameters ? [] : ['the allocation has no rank: pass --lora_r yourself']),
    ...(roles
      ? []
      : [
          projections
            ? 'the blocks adapt different modules, or modules with names for which a shell needs ' +
              'quotes, which --lora_target_modules cannot say'
            : 'the allocation does not name its modules: pass --lora_target_modules yourself',
        ]),
  ];
}

/** Of each expert its factors, and a row of the router. */
function trainableThere(projections: NonNullable<Allocation['projections']>): number {
  return projections.reduce(
    (sum, { experts = 0, rank = 0, inputs, outputs }) =>
      sum + experts * (rank * (inputs + outputs) + inputs),
    0,
  );
}

/** Last parts of the names of the modules, where they are the same in every block. */
function commonRoles({ projections, blocks }: Allocation): string[] | undefined {
  if (!projections) return undefined;
  const byBlock = new Map<number, Set<string>>(blocks.map(({ index }) => [index, new Set()]));
  for (const { name, block } of projections) {
    byBlock.get(block)?.add(
      name
        .replace(/\.weight$/, '')
        .split('.')
        .at(-1)!,
    );
  }
  const [first, ...others] = [...byBlock.values()].map((roles) => [...roles]);
  if (!first || first.length === 0 || first.some((role) => !/^\w+$/.test(role))) return undefined;
  const same = others.every((roles) => [...roles].sort().join() === [...first].sort().join());
  return same ? first : undefined;
}
