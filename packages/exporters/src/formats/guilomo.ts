/**
 * `expert.json` and `rank.json` of GuiLoMo (arXiv 2506.14646; github.com/Liar406/Gui-LoMo), which
 * its training script takes as `--number_experts` and `--lora_r`:
 *
 *   expert.json  { "model.layers.0.self_attn.q_proj": 3, ... }
 *   rank.json    { "model.layers.0.self_attn.q_proj.expertlora_E_vector_0": 8, ..._1, ..._2 }
 *
 * so experts by module, and a rank for each expert by its number. Its search never gives a module
 * less than two experts, but the training script takes one; it cannot build a module without any.
 * `--top_k` stays a list on the command line, one number per block.
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import {
  type AdaptedModule,
  adaptedModules,
  requireConsecutive,
  requireExperts,
} from '../shared/adapters.js';

export const guilomo: Exporter<Allocation> = {
  name: 'guilomo',
  kinds: ['allocation'],
  units: ['experts', 'rank'],
  export(allocation) {
    requireConsecutive(allocation.blocks, 'guilomo');
    const modules = adaptedModules(allocation, 'guilomo');
    requireWholeModules(modules);
    requireExperts(
      // An expert of rank 0 is none.
      modules.map(({ module, experts, rank }) => ({
        what: JSON.stringify(module),
        experts: rank > 0 ? experts : 0,
      })),
      'guilomo',
    );
    requireFew(modules);
    const experts = modules.map(({ module, experts: count }) => [module, count] as const);
    const ranks = modules.flatMap(({ module, experts: count, rank }) =>
      Array.from(
        { length: count },
        (_, i) => [`${module}.expertlora_E_vector_${i}`, rank] as const,
      ),
    );
    return {
      files: { 'expert.json': json(experts), 'rank.json': json(ranks) },
      notes: notesOn(allocation, modules),
    };
  },
};

/** @throws AlphaLoraError `INVALID_OPTION` for a matrix that is no module of its own */
function requireWholeModules(modules: readonly AdaptedModule[]): void {
  const part = modules.find(({ name }) => /\[\w+\]$/.test(name));
  if (part === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${JSON.stringify(part.name)} is one of several matrices in one tensor, and the scripts behind guilomo ` +
      'adapt linear modules only: --to peft and axolotl can hold it',
  );
}

function notesOn(allocation: Allocation, modules: readonly AdaptedModule[]): string[] {
  const foreign = modules.filter(
    ({ module, block }) => module.split('.')[2] !== String(block),
  ).length;
  return [
    `the files have no top-k: pass --top_k "${topKByBlock(allocation).join(',')}"`,
    ...(foreign > 0
      ? [
          "GuiLoMo's scripts read the block off names such as model.layers.0.self_attn.q_proj, " +
            `and ${foreign} names of this model are built otherwise`,
        ]
      : []),
    ...(differs(allocation)
      ? ['projections of a block have different top-k, and GuiLoMo has one per block']
      : []),
  ];
}

/** Lines that `rank.json` may have; a model that was trained has some thousands of experts. */
const MOST_LINES = 1_000_000;

/** @throws AlphaLoraError `INVALID_OPTION` before a list that no memory holds is made */
function requireFew(modules: ReadonlyArray<{ experts: number }>): void {
  const all = modules.reduce((sum, { experts }) => sum + experts, 0);
  if (all <= MOST_LINES) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `rank.json of guilomo has a line for each of ${all} experts, and at most ${MOST_LINES} are ` +
      'written: allocate fewer',
  );
}

/** Where projections of a block differ, the smallest: no module has fewer experts than that. */
function topKByBlock({ blocks, projections = [] }: Allocation): number[] {
  return blocks.map(({ index, topK = 1 }) =>
    projections
      .filter(({ block }) => block === index)
      .reduce((smallest, own) => Math.min(smallest, own.topK ?? topK), topK),
  );
}

function differs(allocation: Allocation): boolean {
  const smallest = topKByBlock(allocation);
  const positions = new Map(allocation.blocks.map(({ index }, position) => [index, position]));
  return (allocation.projections ?? []).some(
    ({ block, topK }) => topK !== undefined && topK !== smallest[positions.get(block)!],
  );
}

/** `Object.fromEntries` would drop a module named `__proto__` if it were assigned; it is defined. */
function json(entries: Iterable<readonly [string, number]>): string {
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
