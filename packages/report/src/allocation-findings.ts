/** What the allocation does and how stable it is, as sentences. */
import { blockLabel, printable } from '@alphalora/documents';
import { otherSource } from '@alphalora/documents/comparison';
import type { AllocatedLayer, AllocationFacts } from './allocation.js';
import { type BlockFacts, type Facts, isBootstrap } from './facts.js';
import { count, decimal, list, percent, tenths, whole } from './format.js';
import type { ResourceWords } from './resource.js';

/** How the numbers of experts fare when the alphas are drawn anew. */
export function robustness({ allocation, analysis, blocks }: Facts): string[] {
  const tested = allocation?.robustness;
  // A single block keeps all experts, whatever its alpha.
  if (!tested || allocation.blocks.length === 1) return [];
  const known = blocks.filter(({ allocated }) => allocated?.robustness !== undefined);
  const unknown = blocks.length - known.length;
  // Every expert that moves is missing in one block and too many in another.
  const moved = tested.distance / 2;
  const sentences = [
    `Over ${tested.draws} allocations, each from alphas drawn anew${isBootstrap(analysis) ? ' by a bootstrap' : ''}, ${decimal(moved, 1)} of the ${allocation.sum} experts ` +
      'land in another block on average.',
  ];
  const shaky = known
    .filter(({ allocated }) => allocated!.robustness!.changed > 0.5)
    .toSorted((a, b) => b.allocated!.robustness!.changed - a.allocated!.robustness!.changed);
  if (shaky.length === 0) {
    const every = unknown === 0 ? 'Every block' : 'Every block with an alpha';
    sentences.push(`${every} keeps its number of experts in at least half of the draws.`);
  } else {
    const [first] = shaky;
    sentences.push(
      `${known.length - shaky.length} of ${count(known.length, 'block')} ` +
        `${known.length - shaky.length === 1 ? 'keeps its' : 'keep their'} number in at least half of the draws; ` +
        `the least certain is block ${first!.label}, which changes in ${percent(first!.allocated!.robustness!.changed)}.`,
    );
  }
  if (unknown > 0) {
    sentences.push(
      `Of ${count(unknown, 'block')} without a fit that says anything it cannot be told how stable ` +
        `${unknown === 1 ? 'it is' : 'they are'}.`,
    );
  }
  if (!isBootstrap(analysis)) {
    sentences.push(
      'These draws are rigid: eigenvalues of one matrix repel one another, so each moves by up to a rank. Where a ' +
        'tail is an independent sample after all, more changes than they say: an analysis with --bootstrap 200 tells ' +
        'how much.',
    );
  }
  return sentences;
}

/** How many experts a block gains or loses without the projection that moves it most. */
export function hold({ allocated, amount = 0 }: BlockFacts): number {
  const driver = allocated?.robustness?.driver;
  return driver ? Math.abs(driver.experts - amount) : 0;
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
  const driver = first.allocated!.robustness!.driver!;
  return [
    `${found.length === 1 ? 'One block hangs on a single matrix' : `${found.length} blocks hang on a single matrix each`}: ` +
      `block ${first.label} would have ${driver.experts} experts, not ${first.amount}, without its ` +
      `${driver.role ?? driver.name} (alpha ${decimal(driver.alpha)}).`,
  ];
}

/** What the allocation does. */
export function portions({ analysis, allocation, blocks }: Facts): string[] {
  if (!allocation) {
    return [
      'There is no allocation here: the page tells how the model is trained, not how many experts to add.',
    ];
  }
  const { layers } = allocation;
  if (layers.length === 0) return ['The allocation does not say what its blocks get.'];
  const source = otherSource(analysis, allocation);
  const sentences = [
    ...(source === undefined ? [] : [`${capital(printable(source))}.`]),
    opening(allocation),
  ];
  // Of a selection, all are at one end or the other.
  if (layers.length > 1 && allocation.budget.unit !== 'selection') {
    sentences.push(extremes(allocation));
  }
  if (allocation.projections) sentences.push(...byBlock(allocation, blocks));
  sentences.push(...partial(allocation), ...imputed(allocation), ...capped(allocation));
  sentences.push(...beyond(allocation));
  sentences.push(...(allocation.notes ?? []).map((note) => `${capital(note)}.`));
  return [...sentences, ...perToken(allocation), ...size(allocation)];
}

/** What the scores do not rest on. */
function partial({ covers }: AllocationFacts): string[] {
  if (covers === undefined) return [];
  return [
    `The scores rest on ${percent(covers)} of the parameters of the projections; the others have no alpha that counts.`,
  ];
}

/** Ranks as large as the matrices allow. */
function capped({ blocks, projections = [] }: AllocationFacts): string[] {
  const at = [...blocks, ...projections].filter(({ cap }) => cap !== undefined).length;
  if (at === 0) return [];
  const layers = count(
    at,
    projections.length > 0 ? 'projection has' : 'block has',
    projections.length > 0 ? 'projections have' : 'blocks have',
  );
  return [`${layers} the largest rank that the smaller side of a matrix allows.`];
}

/** Experts of a higher rank than their matrices. */
function beyond({ excess }: AllocationFacts): string[] {
  if (!excess) return [];
  const { rank, projections } = excess;
  const matrices = count(projections.length, 'matrix has', 'matrices have');
  return [
    `${matrices} a smaller side below the rank of an expert, ${rank}, which gains nothing there.`,
  ];
}

/** Layers whose score is not their own. */
function imputed({ blocks, projections = [], scoredBy }: AllocationFacts): string[] {
  const imputed = blocks.filter(({ weak }) => weak !== undefined);
  const empty = blocks.filter((block) => block.empty !== undefined);
  const without = imputed.map(blockLabel);
  const others = projections.filter(({ weak }) => weak !== undefined).length;
  return [
    ...empty.map((block) => `Block ${blockLabel(block)} gets nothing: ${block.empty}.`),
    ...(without.length > 0
      ? [
          `No ${scoredBy === undefined ? 'fit' : `finite ${printable(scoredBy)}`} of ${without.length === 1 ? 'block' : 'blocks'} ${list(without)} ${scoredBy === undefined ? 'says anything' : 'was measured'}, so ` +
            `${without.length === 1 ? 'it is' : 'they are'} scored with the mean of the other blocks.`,
          ...imputed.map((block) => `Block ${blockLabel(block)}: ${block.weak}.`),
        ]
      : []),
    ...(others > 0
      ? [
          `${count(others, 'projection')} ${scoredBy === undefined ? 'with a fit that says nothing' : `without a finite ${printable(scoredBy)}`} ` +
            `${others === 1 ? 'is' : 'are'} scored with the mean of the others of ` +
            `${others === 1 ? 'its' : 'their'} ${scoredBy === undefined ? 'block' : 'role'}, or of all.`,
        ]
      : []),
  ];
}

/** How much there is, where it goes and by which rule. */
function opening(allocation: AllocationFacts): string {
  const { words, average, sum, blocks, projections } = allocation;
  if (!projections && blocks.length === 1) {
    return `The only block gets ${words.routed ? `all ${count(sum ?? 0, 'LoRA expert')}` : words.phrase(average)}.`;
  }
  return words.opening(sum ?? average, layersOf(allocation), ruleOf(allocation));
}

function layersOf({ blocks, projections }: AllocationFacts): string {
  const inside = count(blocks.length, 'block');
  return projections ? `${count(projections.length, 'projection')} of ${inside}` : inside;
}

/** Who gets least and most. */
function extremes({ words, layers, sum, projections }: AllocationFacts): string {
  const { lowest, highest } = ends(layers);
  if (highest.amount - lowest.amount < ROUNDING) {
    const amount = words.routed ? lowest.amount : words.phrase(lowest.amount);
    return `Every ${projections ? 'projection' : 'block'} gets ${amount}.`;
  }
  const [least, severalLeast, most] = words.extremes;
  const even = sum === undefined ? '' : ` An even share would be ${tenths(sum / layers.length)}.`;
  return (
    `${capital(lowest.names)} ${lowest.several ? severalLeast : least}, ${amountOfEnd(lowest, words)}; ` +
    `${highest.names} ${most}, ${amountOfEnd(highest, words)}.${even}`
  );
}

/** What projections make of their blocks. */
function byBlock({ words }: AllocationFacts, blocks: readonly BlockFacts[]): string[] {
  const inside = blocks.flatMap(({ label, amount }) =>
    amount === undefined ? [] : [{ name: `block ${label}`, amount }],
  );
  if (inside.length < 2) return [];
  const { lowest, highest } = ends(inside);
  if (highest.amount - lowest.amount < ROUNDING) return [];
  const from = `from ${words.number(lowest.amount)} (${lowest.names})`;
  const to = `to ${words.number(highest.amount)} (${highest.names})`;
  return [
    words.adds
      ? `A whole block gets ${from} ${to}.`
      : `On average over a block, that makes ${from} ${to}.`,
  ];
}

/** Layers that share the lowest or the highest amount. */
interface End {
  amount: number;
  /** `block 4`, `blocks 4 and 10`, `block 4 up, block 10 up and 7 more` */
  names: string;
  several: boolean;
}

/** Averages are sums of fractions, which miss one another by rounding errors. */
const ROUNDING = 1e-9;

/** Layers that an end names, or names and counts. */
const MOST_TIED = 4;

function ends(layers: readonly AllocatedLayer[]): { lowest: End; highest: End } {
  const amounts = layers.map(({ amount }) => amount);
  const end = (amount: number): End => {
    const tied = layers.filter((layer) => Math.abs(layer.amount - amount) < ROUNDING);
    return { amount, names: namesOf(tied), several: tied.length > 1 };
  };
  return { lowest: end(Math.min(...amounts)), highest: end(Math.max(...amounts)) };
}

function namesOf(layers: readonly AllocatedLayer[]): string {
  const names = layers.map(({ name }) => name);
  const labels = names.map((name) => /^block (\d+)$/.exec(name)?.[1]);
  if (names.length === 1 || labels.includes(undefined)) return list(names, MOST_TIED);
  return `blocks ${list(labels as string[], MOST_TIED)}`;
}

const amountOfEnd = ({ amount, several }: End, { number }: ResourceWords): string =>
  `${number(amount)}${several ? ' each' : ''}`;

function perToken({ words, topK, projections }: AllocationFacts): string[] {
  if (words.field === 'rank' && !projections) {
    return ['Each projection of a block gets a LoRA of the rank of its block.'];
  }
  if (!words.routed) return [];
  const [low, high] = [Math.min(...topK), Math.max(...topK)];
  const selected = low === high ? low : `${low} to ${high}`;
  return projections
    ? [`For each token the router selects up to ${high} of a projection's experts.`]
    : [`For each token the router selects ${selected} of a block's experts.`];
}

function size({ budget, words, parameters }: AllocationFacts): string[] {
  if (!parameters) return [];
  const rank = words.routed ? `With rank ${parameters.rank} that` : 'That';
  const limit =
    budget.measure === 'parameters' && budget.total !== undefined
      ? `; the budget allows ${whole(budget.total)}`
      : '';
  return [`${rank} makes ${whole(parameters.trainable)} trainable parameters${limit}.`];
}

/** The rule in the policy's own words, if it has any. */
function ruleOf({ policy: { name, rule }, words }: AllocationFacts): string {
  if (rule !== undefined) return printable(rule);
  return `${words.adds || words.weighted ? '' : 'set '}by the policy “${printable(name)}”`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
