/** What the allocation does and how stable it is, as sentences. */
import { type BlockFacts, expertsIn, type Facts } from './facts.js';
import { count, decimal, percent, plain, whole } from './format.js';

/** How the numbers of experts fare when the alphas are drawn anew. */
export function robustness({ allocation, blocks }: Facts): string[] {
  const tested = allocation?.robustness;
  // A single block keeps all experts, whatever its alpha.
  if (!tested || allocation.blocks.length === 1) return [];
  const known = blocks.filter(({ allocated }) => allocated?.robustness !== undefined);
  // Every expert that moves is missing in one block and too many in another.
  const moved = tested.distance / 2;
  const sentences = [
    `Over ${tested.draws} allocations, each from alphas drawn anew, ${decimal(moved, 1)} of the ${expertsIn(allocation)} experts ` +
      'land in another block on average.',
  ];
  const shaky = known
    .filter(({ allocated }) => allocated!.robustness!.changed > 0.5)
    .toSorted((a, b) => b.allocated!.robustness!.changed - a.allocated!.robustness!.changed);
  if (shaky.length === 0) {
    sentences.push('Every block keeps its number of experts in at least half of the draws.');
  } else {
    const [first] = shaky;
    sentences.push(
      `${known.length - shaky.length} of ${count(known.length, 'block')} ` +
        `${known.length - shaky.length === 1 ? 'keeps its' : 'keep their'} number in at least half of the draws; ` +
        `the least certain is block ${first!.index}, which changes in ${percent(first!.allocated!.robustness!.changed)}.`,
    );
  }
  return sentences;
}

/** How many experts a block gains or loses without the projection that moves it most. */
export function hold({ allocated }: BlockFacts): number {
  const driver = allocated?.robustness?.driver;
  return driver ? Math.abs(driver.experts - allocated.experts) : 0;
}

/** By one expert almost any projection moves its block; by two, the block hangs on it. */
export const STRONG_HOLD = 2;

/** Blocks whose number of experts hangs on one projection, the largest change first. */
export function hanging(blocks: readonly BlockFacts[]): BlockFacts[] {
  return blocks.filter((block) => hold(block) >= STRONG_HOLD).toSorted((a, b) => hold(b) - hold(a));
}

/** Blocks whose number depends on one projection. */
export function drivers({ blocks, allocation }: Facts): string[] {
  if (
    allocation?.blocks.length === 1 ||
    !blocks.some(({ allocated }) => allocated?.robustness?.driver)
  )
    return [];
  const found = hanging(blocks);
  const [first] = found;
  if (!first) {
    return ['Leaving any single matrix out of its block changes the block by one expert at most.'];
  }
  const { experts, robustness } = first.allocated!;
  const driver = robustness!.driver!;
  return [
    `${found.length === 1 ? 'One block hangs on a single matrix' : `${found.length} blocks hang on a single matrix each`}: ` +
      `block ${first.index} would have ${driver.experts} experts, not ${experts}, without its ` +
      `${driver.role ?? driver.name} (alpha ${decimal(driver.alpha)}).`,
  ];
}

/** What the allocation does. */
export function experts({ allocation }: Facts): string[] {
  if (!allocation) {
    return [
      'There is no allocation here: the page tells how the model is trained, not how many experts to add.',
    ];
  }
  const { blocks, policy, topK, parameters } = allocation;
  const sorted = blocks.toSorted((a, b) => a.experts - b.experts);
  const [fewest, most] = [sorted[0]!, sorted.at(-1)!];
  const all = expertsIn(allocation);
  const even = all / blocks.length;
  const sentences = [
    blocks.length === 1
      ? `The only block gets all ${count(all, 'LoRA expert')}.`
      : `${count(all, 'LoRA expert is', 'LoRA experts are')} shared out among ${blocks.length} blocks ` +
        `${ruleOf(policy)}.`,
  ];
  if (blocks.length > 1) {
    sentences.push(
      fewest.experts === most.experts
        ? `Every block gets ${fewest.experts}.`
        : `Block ${fewest.index} gets the fewest, ${fewest.experts}; block ${most.index} the most, ` +
            `${most.experts}. An even share would be ${plain(Math.round(even * 10) / 10)}.`,
    );
  }
  const [low, high] = [Math.min(...topK), Math.max(...topK)];
  sentences.push(
    `For each token the router selects ${low === high ? low : `${low} to ${high}`} of a block's experts.`,
  );
  if (parameters) {
    sentences.push(
      `With rank ${parameters.rank} that makes ${whole(parameters.trainable)} trainable parameters.`,
    );
  }
  return sentences;
}

/** The rule in words, for the policies that we know. */
function ruleOf({ name, options }: { name: string; options: Record<string, unknown> }): string {
  const { beta } = options;
  if (name === 'alphalora' && typeof beta === 'number') {
    return `in proportion to alpha to the power of ${plain(beta)}: the less trained a block is, the more it gets`;
  }
  if (name === 'uniform') return 'evenly, whatever their alpha';
  return `by the policy “${name}”`;
}
