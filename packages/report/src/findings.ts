/**
 * What the documents say, as sentences. Each is computed: it states numbers of the documents and what
 * follows from them by a rule that is written here.
 */
import { alphaBounds } from '@alphalora/contracts';
import { quantizedMatrices } from '@alphalora/documents';
import { max, mean, median } from 'd3-array';
import { drivers, portions, robustness } from './allocation-findings.js';
import { type BlockFacts, type Facts, isBootstrap, type ScoredBlock } from './facts.js';
import { count, decimal, list, range, whole } from './format.js';
import { misfitsText } from './text/misfits.js';

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
    { topic: 'How sure', sentences: howSure(facts) },
    { topic: facts.allocation?.words.title ?? 'Experts', sentences: portions(facts) },
    { topic: 'How stable', sentences: [...robustness(facts), ...drivers(facts)] },
  ];
  return all.filter(({ sentences }) => sentences.length > 0);
}

function measured({
  measured,
  sound,
  scored,
  skipped,
  failed,
  analysis,
  fixedCut,
}: Facts): string[] {
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
    `A small alpha${fixedCut ? '' : ' (2 to 3)'} means that a matrix has learned much, a large one that it has learned little.`,
  ];
  if (analysis.model.base !== undefined) {
    sentences.push(
      `The matrices are differences to those of ${analysis.model.base}: what training changed, not the weights of the model.`,
    );
  }
  if (scored.length > 1) {
    const [low, high] = extremes(scored);
    sentences.push(
      `Alpha of the blocks goes from ${decimal(low.alpha)} (block ${low.label}) to ` +
        `${decimal(high.alpha)} (block ${high.label}) and is ` +
        `${decimal(mean(scored, ({ alpha }) => alpha)!)} on average.`,
    );
  }
  const capped = scored.reduce((sum, block) => sum + (block.capped ?? 0), 0);
  if (capped > 0) {
    sentences.push(
      `In these, ${count(capped, 'alpha')} above the cap of ${analysis.options.cap} ` +
        `${capped === 1 ? 'counts' : 'count'} as ${analysis.options.cap}.`,
    );
  }
  const quantized = quantizedMatrices(analysis);
  if (quantized) {
    sentences.push(
      `${whole(quantized.count)} of ${count(quantized.of, 'matrix', 'matrices')} ` +
        `${quantized.count === 1 ? 'is' : 'are'} quantized (${quantized.schemes.join('; ')}): what rounding ` +
        'takes away adds a bulk to a spectrum, so that these alphas are not those of the original model.',
    );
  }
  if (omitted.length > 0) sentences.push(`${list(omitted)}: see Left out.`);
  for (const note of analysis.notes ?? []) sentences.push(`Note: ${note}.`);
  return sentences;
}

/** Why no block has an alpha. */
export function unscored(blocks: readonly BlockFacts[]): string {
  return blocks.some(({ unsound }) => unsound)
    ? 'No fit in any block says anything'
    : 'No block has a measured matrix';
}

/** Of alphas at a given cut. */
export const boundsDoNotApply: string =
  `The usual limits of alpha, ${alphaBounds.overTrained} (over-trained below) and ${alphaBounds.underTrained} ` +
  '(under-trained above), are for fits that look for their cut and do not apply to this fixed cut: ' +
  'compare alphas of this page with one another.';

function leastTrained({ blocks, scored, sound, fixedCut }: Facts): string[] {
  const limit = alphaBounds.underTrained;
  if (scored.length === 0) return [`${unscored(blocks)}, so none has an alpha.`];
  const descending = scored.toSorted((a, b) => b.alpha - a.alpha);
  const above = descending.filter(({ alpha }) => alpha > limit);
  const sentences: string[] = [];
  if (scored.length > 1) sentences.push(`${leading(descending, 'Least')}.`);
  if (fixedCut) {
    if (scored.length === 1)
      sentences.push(`Its only measured block has alpha ${decimal(scored[0]!.alpha)}.`);
    return [...sentences, boundsDoNotApply];
  }
  if (above.length === 0) {
    sentences.push(
      scored.length === 1
        ? `Its only measured block has alpha ${decimal(scored[0]!.alpha)}, below ${limit}: not under-trained by the usual mark.`
        : `No block is above ${limit}, the usual mark of an under-trained one.`,
    );
  } else {
    const names = list(above.map(({ label }) => label));
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

function bestTrained({ scored, sound, fixedCut }: Facts): string[] {
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
  if (below > 0 && !fixedCut) {
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
    ({ label, alpha }, i) => `${label} (${i === 0 ? 'alpha ' : ''}${decimal(alpha)})`,
  );
  return shown.length === 1
    ? `${degree} trained is block ${names[0]}`
    : `${degree} trained are blocks ${list(names)}`;
}

function howSure(facts: Facts): string[] {
  const misfits = misfitsText(facts.analysis.matrices);
  return [...intervals(facts), ...(misfits === undefined ? [] : [`${misfits}.`])];
}

function intervals(facts: Facts): string[] {
  const { scored, sound } = facts;
  const known = scored.filter(({ interval }) => interval !== undefined);
  if (known.length === 0) {
    const typical = median(sound, ({ stderr }) => stderr);
    if (typical === undefined) return [];
    return [
      'The analysis holds no intervals, so it cannot say how sure the alphas of the blocks ' +
        `are; the standard error of a single matrix is typically ${decimal(typical)} if its cut is right.`,
    ];
  }
  const half = median(known, ({ interval }) => (interval![1] - interval![0]) / 2)!;
  const drawn = drawing(facts, known.length);
  if (known.length === 1) {
    return [
      `${drawn}: the 95 % interval of its alpha is ${range(known[0]!.interval!)}.`,
      ...otherReading(facts, known, half),
      ...thin(sound),
    ];
  }
  const sentences = [
    `${drawn}: the 95 % interval of a block's alpha is typically ±${decimal(half)}.`,
    ...otherReading(facts, known, half),
  ];
  const top = known.toSorted((a, b) => b.alpha - a.alpha)[0]!;
  const rivals = known.filter((block) => block !== top && block.interval![1] >= top.interval![0]);
  const overlapped =
    rivals.length === 1
      ? `that of block ${rivals[0]!.label}`
      : rivals.length === known.length - 1
        ? 'those of all others'
        : `those of ${rivals.length} others`;
  sentences.push(
    rivals.length === 0
      ? `The interval of block ${top.label} lies above all others: it is clearly the least trained.`
      : `The interval of block ${top.label} overlaps ${overlapped}, so which of them is least trained ` +
          'is not settled.',
    ...thin(sound),
  );
  return sentences;
}

/** How the intervals came about, and what that assumes. */
function drawing({ sound, analysis }: Facts, blocks: number): string {
  const draws = max(sound, (row) => row.draws?.length ?? 0) ?? 0;
  const times = draws > 0 ? ` ${draws} times` : '';
  const whose = blocks === 1 ? 'Its spectra were' : 'Every spectrum was';
  return isBootstrap(analysis)
    ? `${whose} drawn anew${times} as if eigenvalues were independent (a bootstrap)`
    : `${whose} drawn anew${times}, each eigenvalue by up to a rank from its place, as they repel one another`;
}

function thin(sound: Facts['sound']): string[] {
  const thin = sound.filter((row) => row.thin !== undefined);
  if (thin.length === 0) return [];
  const [least] = thin.toSorted((a, b) => a.tail - b.tail);
  return [
    `${whole(thin.length)} of ${count(sound.length, 'tail')} ${thin.length === 1 ? 'is' : 'are'} thin, and ` +
      `the alphas uncertain; ${least!.name} has ${least!.thin}.`,
  ];
}

/** How many times as wide an interval is that is worth telling. */
const MUCH_WIDER = 2;

/** What rigid draws leave out: a tail whose eigenvalues are independent after all. */
function otherReading(
  { analysis, sound }: Facts,
  blocks: readonly ScoredBlock[],
  half: number,
): string[] {
  if (isBootstrap(analysis)) return [];
  const independent = median(blocks, ({ index }) => {
    const rows = sound.filter(({ block }) => block === index);
    const variance = rows.reduce((total, { stderr }) => total + stderr ** 2, 0);
    return (1.96 * Math.sqrt(variance)) / rows.length;
  })!;
  if (!(independent > MUCH_WIDER * half)) return [];
  return [
    `If the eigenvalues of a tail were independent of one another, it would be ±${decimal(independent)} ` +
      '(from the standard errors).',
  ];
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
