/**
 * What the documents say, as sentences. Each is computed: it states numbers of the documents and what
 * follows from them by a rule that is written here.
 */
import { max, mean, median, sum } from 'd3-array';
import { type BlockFacts, type Facts, type ScoredBlock, SPURIOUS, WELL_TRAINED } from './facts.js';
import { count, decimal, list, percent, significant, whole } from './format.js';

/** A heading of one or two words and the sentences under it. */
export interface Finding {
  topic: string;
  sentences: string[];
}

/** Blocks named as examples of the least and of the best trained. */
const EXAMPLES = 3;

export function findings(facts: Facts): Finding[] {
  const all: Finding[] = [
    { topic: 'Measured', sentences: measured(facts) },
    { topic: 'Least trained', sentences: leastTrained(facts) },
    { topic: 'Best trained', sentences: bestTrained(facts) },
    { topic: 'How sure', sentences: intervals(facts) },
    { topic: 'Experts', sentences: experts(facts) },
    { topic: 'How stable', sentences: [...robustness(facts), ...drivers(facts)] },
  ];
  return all.filter(({ sentences }) => sentences.length > 0);
}

function measured({ measured, scored, skipped, failed, analysis }: Facts): string[] {
  const omitted = [
    ...(skipped.length > 0
      ? [`${count(skipped.length, 'tensor was', 'tensors were')} skipped`]
      : []),
    ...(failed.length > 0
      ? [`${count(failed.length, 'matrix', 'matrices')} could not be measured`]
      : []),
  ];
  const sentences = [
    `${count(measured.length, 'weight matrix was', 'weight matrices were')} measured ` +
      `in a model of ${count(analysis.blocks.length, 'block')}; each got a number called alpha.`,
    'A small alpha (2 to 3) means that a matrix has learned much, a large one that it has learned little.',
  ];
  if (scored.length > 1) {
    const [low, high] = extremes(scored);
    sentences.push(
      `Alpha of the blocks goes from ${decimal(low.alpha)} (block ${low.index}) to ` +
        `${decimal(high.alpha)} (block ${high.index}) and is ` +
        `${decimal(mean(scored, ({ alpha }) => alpha)!)} on average.`,
    );
  }
  if (omitted.length > 0) sentences.push(`${list(omitted)}: see Left out.`);
  return sentences;
}

function leastTrained({ scored, measured }: Facts): string[] {
  const [, limit] = WELL_TRAINED;
  if (scored.length === 0) return ['No block has a measured matrix, so none has an alpha.'];
  const descending = scored.toSorted((a, b) => b.alpha - a.alpha);
  const above = descending.filter(({ alpha }) => alpha > limit);
  const sentences: string[] = [];
  if (scored.length > 1) sentences.push(`${leading(descending, 'Least')}.`);
  if (above.length === 0) {
    sentences.push(
      scored.length === 1
        ? `Its only measured block has alpha ${decimal(scored[0]!.alpha)}, below ${limit}: not under-trained by the usual mark.`
        : `No block is above ${limit}, the usual mark of an under-trained one.`,
    );
  } else {
    const names = list(above.map(({ index }) => String(index)));
    sentences.push(
      `${above.length === 1 ? `Block ${names} is` : `Blocks ${names} are`} above ${limit}, the usual ` +
        'mark of an under-trained block.',
    );
  }
  const matrices = measured.filter(({ alpha }) => alpha > limit);
  if (matrices.length > 0) {
    const spurious = matrices.filter(({ alpha }) => alpha > SPURIOUS).length;
    sentences.push(
      `Of the single matrices, ${whole(matrices.length)} of ${whole(measured.length)} ` +
        `${matrices.length === 1 ? 'is' : 'are'} above ${limit}` +
        (spurious > 0
          ? `, ${whole(spurious)} of them above ${SPURIOUS}, where alpha means little.`
          : '.'),
    );
  }
  return sentences;
}

function bestTrained({ scored, measured }: Facts): string[] {
  const [limit] = WELL_TRAINED;
  const sentences: string[] = [];
  if (scored.length > 1)
    sentences.push(
      `${leading(
        scored.toSorted((a, b) => a.alpha - b.alpha),
        'Best',
      )}.`,
    );
  const below = measured.filter(({ alpha }) => alpha < limit).length;
  if (below > 0) {
    sentences.push(
      `${whole(below)} of ${whole(measured.length)} matrices ${below === 1 ? 'is' : 'are'} below ` +
        `${limit}, where weights may have been fitted to their data too closely (over-trained).`,
    );
  }
  return sentences;
}

/** `Least trained are blocks 21 (alpha 4.55), 30 (4.42) and 20 (4.37)` */
function leading(ordered: readonly ScoredBlock[], degree: string): string {
  const shown = ordered.slice(0, Math.min(EXAMPLES, Math.floor(ordered.length / 2)));
  const names = shown.map(
    ({ index, alpha }, i) => `${index} (${i === 0 ? 'alpha ' : ''}${decimal(alpha)})`,
  );
  return shown.length === 1
    ? `${degree} trained is block ${names[0]}`
    : `${degree} trained are blocks ${list(names)}`;
}

function intervals({ scored, measured }: Facts): string[] {
  const known = scored.filter(({ interval }) => interval !== undefined);
  if (known.length === 0) {
    const typical = median(measured, ({ stderr }) => stderr);
    if (typical === undefined) return [];
    return [
      'The analysis holds no bootstrap intervals, so it cannot say how sure the alphas of the blocks ' +
        `are; the standard error of a single matrix is typically ${decimal(typical)} if its cut is right.`,
    ];
  }
  const draws = max(measured, (row) => row.draws?.length ?? 0) ?? 0;
  const half = median(known, ({ interval }) => (interval![1] - interval![0]) / 2)!;
  const sentences = [
    `Every spectrum was drawn anew${draws > 0 ? ` ${draws} times` : ''} (a bootstrap): the 95 % interval ` +
      `of a block's alpha is typically ±${decimal(half)}.`,
  ];
  const top = known.toSorted((a, b) => b.alpha - a.alpha)[0]!;
  const rivals = known.filter((block) => block !== top && block.interval![1] >= top.interval![0]);
  if (known.length > 1) {
    sentences.push(
      rivals.length === 0
        ? `The interval of block ${top.index} lies above all others: it is the least trained beyond doubt.`
        : `The interval of block ${top.index} overlaps ${rivals.length === 1 ? `that of block ${rivals[0]!.index}` : `those of ${rivals.length} others`}, so which of them is least trained is not settled.`,
    );
  }
  return sentences;
}

function robustness({ allocation, blocks }: Facts): string[] {
  const whole = allocation?.robustness;
  if (!whole) return [];
  const known = blocks.filter(({ allocated }) => allocated?.robustness !== undefined);
  // Every expert that moves is missing in one block and too many in another.
  const moved = whole.distance / 2;
  const sentences = [
    `Over ${whole.draws} allocations, each from alphas drawn anew, ${decimal(moved, 1)} of the ${allocation.budget.total} experts ` +
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

function drivers({ blocks }: Facts): string[] {
  if (!blocks.some(({ allocated }) => allocated?.robustness?.driver)) return [];
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

function experts({ allocation }: Facts): string[] {
  if (!allocation) {
    return [
      'There is no allocation here: the page tells how the model is trained, not how many experts to add.',
    ];
  }
  const { blocks, budget, policy, topK, parameters } = allocation;
  const sorted = blocks.toSorted((a, b) => a.experts - b.experts);
  const [fewest, most] = [sorted[0]!, sorted.at(-1)!];
  const even = budget.total / blocks.length;
  const sentences = [
    `${count(
      sum(blocks, (block) => block.experts),
      'LoRA expert is',
      'LoRA experts are',
    )} shared out among ` + `${count(blocks.length, 'block')} ${ruleOf(policy)}.`,
  ];
  if (blocks.length > 1) {
    sentences.push(
      fewest.experts === most.experts
        ? `Every block gets ${fewest.experts}.`
        : `Block ${fewest.index} gets the fewest, ${fewest.experts}; block ${most.index} the most, ` +
            `${most.experts}. An even share would be ${decimal(even, Number.isInteger(even) ? 0 : 1)}.`,
    );
  }
  const selected = [...new Set(topK)].sort((a, b) => a - b);
  sentences.push(
    `For each token the router selects ${list(selected.map(String)).replace(/ and /, ' or ')} of a block's experts.`,
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
    return `in proportion to alpha to the power of ${significant(beta)}: the less trained a block is, the more it gets`;
  }
  if (name === 'uniform') return 'evenly, whatever their alpha';
  return `by the policy “${name}”`;
}

function extremes(blocks: readonly ScoredBlock[]): [low: ScoredBlock, high: ScoredBlock] {
  const ascending = blocks.toSorted((a, b) => a.alpha - b.alpha);
  return [ascending[0]!, ascending.at(-1)!];
}

/** A warning in a sentence. */
export function explained(warning: 'over-trained' | 'under-trained' | 'spurious'): string {
  if (warning === 'over-trained')
    return `Alpha is below ${WELL_TRAINED[0]}: the matrix may be over-trained, or a few huge eigenvalues pull the fit.`;
  if (warning === 'under-trained')
    return `Alpha is above ${WELL_TRAINED[1]}: the matrix has learned little.`;
  return `Alpha is above ${SPURIOUS}: the tail is hardly a power law, and alpha means little.`;
}
