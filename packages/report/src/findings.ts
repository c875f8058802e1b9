/**
 * What the documents say, as sentences. Each is computed: it states numbers of the documents and what
 * follows from them by a rule that is written here.
 */
import { alphaBounds } from '@alphalora/contracts';
import { max, mean, median } from 'd3-array';
import { drivers, portions, robustness } from './allocation-findings.js';
import type { BlockFacts, Facts, ScoredBlock } from './facts.js';
import { count, decimal, list, range, whole } from './format.js';

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
    {
      topic: facts.scored.length > 1 ? 'Least trained' : 'How trained',
      sentences: leastTrained(facts),
    },
    { topic: 'Best trained', sentences: bestTrained(facts) },
    { topic: 'How sure', sentences: intervals(facts) },
    { topic: facts.allocation?.words.title ?? 'Experts', sentences: portions(facts) },
    { topic: 'How stable', sentences: [...robustness(facts), ...drivers(facts)] },
  ];
  return all.filter(({ sentences }) => sentences.length > 0);
}

function measured({ measured, sound, scored, skipped, failed, analysis }: Facts): string[] {
  const weak = measured.length - sound.length;
  const omitted = [
    ...(weak > 0
      ? [
          `${count(weak, 'fit says nothing and counts', 'fits say nothing and count')} in no average`,
        ]
      : []),
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

/** Why no block has an alpha. */
export function unscored(blocks: readonly BlockFacts[]): string {
  return blocks.some(({ unsound }) => unsound)
    ? 'No fit in any block says anything'
    : 'No block has a measured matrix';
}

function leastTrained({ blocks, scored, sound }: Facts): string[] {
  const limit = alphaBounds.underTrained;
  if (scored.length === 0) return [`${unscored(blocks)}, so none has an alpha.`];
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
  const matrices = sound.filter(({ alpha }) => alpha > limit);
  if (matrices.length > 0) {
    const spurious = matrices.filter(({ alpha }) => alpha > alphaBounds.spurious).length;
    sentences.push(
      `Of the single matrices, ${whole(matrices.length)} of ${whole(sound.length)} ` +
        `${matrices.length === 1 ? 'is' : 'are'} above ${limit}` +
        (spurious > 0
          ? `, ${whole(spurious)} of them above ${alphaBounds.spurious}, where alpha means little.`
          : '.'),
    );
  }
  return sentences;
}

function bestTrained({ scored, sound }: Facts): string[] {
  const limit = alphaBounds.overTrained;
  const sentences: string[] = [];
  if (scored.length > 1)
    sentences.push(
      `${leading(
        scored.toSorted((a, b) => a.alpha - b.alpha),
        'Best',
      )}.`,
    );
  const below = sound.filter(({ alpha }) => alpha < limit).length;
  if (below > 0) {
    sentences.push(
      `${whole(below)} of ${whole(sound.length)} matrices ${below === 1 ? 'is' : 'are'} below ` +
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

function intervals({ scored, sound }: Facts): string[] {
  const known = scored.filter(({ interval }) => interval !== undefined);
  if (known.length === 0) {
    const typical = median(sound, ({ stderr }) => stderr);
    if (typical === undefined) return [];
    return [
      'The analysis holds no bootstrap intervals, so it cannot say how sure the alphas of the blocks ' +
        `are; the standard error of a single matrix is typically ${decimal(typical)} if its cut is right.`,
    ];
  }
  const draws = max(sound, (row) => row.draws?.length ?? 0) ?? 0;
  if (known.length === 1) {
    return [
      `Its spectra were drawn anew${draws > 0 ? ` ${draws} times` : ''} (a bootstrap): the 95 % interval of ` +
        `its alpha is ${range(known[0]!.interval!)}.`,
    ];
  }
  const half = median(known, ({ interval }) => (interval![1] - interval![0]) / 2)!;
  const sentences = [
    `Every spectrum was drawn anew${draws > 0 ? ` ${draws} times` : ''} (a bootstrap): the 95 % interval ` +
      `of a block's alpha is typically ±${decimal(half)}.`,
  ];
  const top = known.toSorted((a, b) => b.alpha - a.alpha)[0]!;
  const rivals = known.filter((block) => block !== top && block.interval![1] >= top.interval![0]);
  const overlapped =
    rivals.length === 1
      ? `that of block ${rivals[0]!.index}`
      : rivals.length === known.length - 1
        ? 'those of all others'
        : `those of ${rivals.length} others`;
  sentences.push(
    rivals.length === 0
      ? `The interval of block ${top.index} lies above all others: it is clearly the least trained.`
      : `The interval of block ${top.index} overlaps ${overlapped}, so which of them is least trained ` +
          'is not settled.',
  );
  return sentences;
}

function extremes(blocks: readonly ScoredBlock[]): [low: ScoredBlock, high: ScoredBlock] {
  const ascending = blocks.toSorted((a, b) => a.alpha - b.alpha);
  return [ascending[0]!, ascending.at(-1)!];
}

/** A warning in a sentence. */
export function explained(warning: 'over-trained' | 'under-trained' | 'spurious'): string {
  if (warning === 'over-trained')
    return `Alpha is below ${alphaBounds.overTrained}: the matrix may be over-trained, or a few huge eigenvalues pull the fit.`;
  if (warning === 'under-trained')
    return `Alpha is above ${alphaBounds.underTrained}: the matrix has learned little.`;
  return `Alpha is above ${alphaBounds.spurious}: the tail is hardly a power law, and alpha means little.`;
}
