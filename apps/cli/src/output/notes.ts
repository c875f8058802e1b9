/** What to know of a document beside its numbers, in lines for stderr. */
import type { Allocation, Analysis, MatrixRow } from '@alphalora/contracts';
import {
  blockLabel,
  excessRank,
  imputedLayers,
  printableData,
  quantizedMatrices,
  stackNames,
} from '@alphalora/documents';
import { misfitsText } from '@alphalora/report/text';

/** Matrices or layers that a line names. */
const MOST_NAMED = 3;
/** Fits that are named one by one. */
const MOST_WEAK = 10;

/** What judges layers, where it is not alpha. */
interface JudgedBy {
  readonly scoredBy?: string | undefined;
}

/** What was not measured and why: failures one by one, skipped weights by reason. */
export function omissions(document: Analysis, judged?: JudgedBy): string {
  const analysis = printableData(document);
  const reasons = new Map<string, number>();
  for (const row of analysis.matrices) {
    if (row.status === 'skipped') reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1);
  }
  const skipped = [...reasons].map(([reason, count]) => `${count} × ${reason}`).join('; ');
  return shortcomings(analysis, judged) + (skipped && `skipped: ${skipped}\n`);
}

/**
 * What is behind the exit code 3, what the scores lack, and which numbers not to rely on; of alphas only
 * where they are what layers are judged by.
 */
export function shortcomings(document: Analysis, { scoredBy }: JudgedBy = {}): string {
  const analysis = printableData(document);
  const alphas = scoredBy === undefined ? [weakness, clamping, thinness, misfits, imprecision] : [];
  const failed = failedRows(analysis).map((row) => `failed: ${row.name}: ${row.reason}\n`);
  const warnings = (analysis.notes ?? []).map((note) => `warning: ${note}\n`);
  return (
    failed.join('') +
    warnings.join('') +
    alphas.map((text) => text(analysis)).join('') +
    quantization(analysis) +
    difference(analysis)
  );
}

export function failedRows(analysis: Analysis): Array<MatrixRow & { status: 'failed' }> {
  return analysis.matrices.filter((row) => row.status === 'failed') as never;
}

/** Fits that say nothing. */
function weakness({ matrices }: Analysis): string {
  const weak = matrices.flatMap((row) =>
    row.status === 'ok' && row.weak !== undefined
      ? [`weak: ${row.name}: ${row.weak}; left out of the scores\n`]
      : [],
  );
  const more = weak.length > MOST_WEAK ? `weak: and ${weak.length - MOST_WEAK} more\n` : '';
  return weak.slice(0, MOST_WEAK).join('') + more;
}

/** Spectra that are shorter than the tail of `--tail`: all of them was fitted. */
function clamping({ matrices, options }: Analysis): string {
  const asked = options['tail'];
  if (typeof asked !== 'number') return '';
  const rows = matrices.filter((row) => row.status === 'ok');
  const short = rows.filter(({ tail }) => tail < asked).toSorted((a, b) => b.tail - a.tail);
  if (short.length === 0) return '';
  const names = some(short.map(({ name, tail }) => `${name} (${tail})`));
  return `note: ${short.length} of ${rows.length} matrices have fewer eigenvalues than the tail of ${asked}, and all of theirs were fitted: ${names}\n`;
}

/** Tails of fewer eigenvalues than were asked for: their alphas count. */
function thinness({ matrices, options }: Analysis): string {
  const rows = matrices.filter((row) => row.status === 'ok');
  const thin = rows.filter((row) => row.thin !== undefined).toSorted((a, b) => a.tail - b.tail);
  if (thin.length === 0) return '';
  const names = some(thin.map(({ name, tail }) => `${name} (${tail})`));
  return `thin: ${thin.length} of ${rows.length} tails have fewer than ${options['minTail']} eigenvalues: ${names}\n`;
}

/** Alphas that would be others with another share of the spectrum as the tail. */
function misfits({ matrices }: Analysis): string {
  const text = misfitsText(matrices);
  if (text === undefined) return '';
  const [most] = matrices
    .flatMap((row) => (row.status === 'ok' && row.misfit !== undefined ? [row] : []))
    .toSorted((a, b) => b.ks - a.ks);
  return `note: ${text}; --estimator ks looks for the cut. The least like one is ${most!.name}: ${most!.misfit}\n`;
}

/** Rows whose alpha rests on eigenvalues that the arithmetic did not resolve. */
function imprecision(analysis: Analysis): string {
  const rows = analysis.matrices.filter((row) => row.status === 'ok');
  const marked = rows.filter(({ imprecise }) => imprecise !== undefined);
  if (marked.length === 0) return '';
  const names = some(marked.map(({ name }) => name));
  const advice = marked.some(({ precision }) => precision === 'f32')
    ? 'measure again with --precision auto'
    : 'more memory for each matrix may help: raise --max-memory or lower --jobs';
  return (
    `warning: ${marked.length} of ${rows.length} alphas rest on eigenvalues that the arithmetic ` +
    `does not resolve (${names}); ${advice}\n`
  );
}

/** What was rounded away is in the spectra. */
function quantization(analysis: Analysis): string {
  const quantized = quantizedMatrices(analysis);
  if (!quantized) return '';
  const { count, of, schemes } = quantized;
  return (
    `note: ${count} of ${of} matrices are quantized (${schemes.join('; ')}): rounding adds a bulk ` +
    'to a spectrum, so these alphas are not those of the original model\n'
  );
}

/** Alphas of what training changed are not those of the model. */
function difference({ model, matrices }: Analysis): string {
  if (model.base === undefined || !matrices.some(({ status }) => status === 'ok')) return '';
  return `note: these alphas are of the differences to ${model.base}, not of the weights of ${model.source}\n`;
}

/**
 * What to know of an allocation beside its numbers, for stderr.
 *
 * @param behind what it was made from
 */
export function remarks(document: Allocation, behind?: Analysis): string {
  const allocation = printableData(document);
  const stacks = behind ? stacksBeside(printableData(behind)) : '';
  return (
    stacks +
    partial(allocation) +
    emptyBlocks(allocation) +
    imputedScores(allocation) +
    cappedRanks(allocation) +
    excessRanks(allocation) +
    (allocation.notes ?? []).map((note) => `note: ${note}\n`).join('')
  );
}

/** What the scores do not rest on. */
function partial({ covers }: Allocation): string {
  if (covers === undefined) return '';
  return `note: the scores rest on ${(100 * covers).toFixed(1)} % of the parameters of the projections; the others have no alpha that counts\n`;
}

/** The stack that an allocation is for, and the others that the model has. */
function stacksBeside(analysis: Analysis): string {
  const { model, matrices, stacks = [] } = analysis;
  const { main } = stackNames(analysis);
  // Numbers of blocks may be left out.
  const count = (name?: string): number =>
    new Set(
      matrices.flatMap(({ block, stack }) => {
        if (name === undefined) return block ?? [];
        return block === undefined && stack?.name === name ? stack.block : [];
      }),
    ).size;
  const others = stacks.map(({ name, reason }) => {
    return `${name} (${blockCount(count(name))}${reason === undefined ? '' : `; ${reason}`})`;
  });
  const named = main.length > 1 ? main.join(' and ') : model.stack;
  if (named === undefined) return '';
  const rest = others.length > 0 ? `another: ${others.join(', ')}` : 'one of them alone';
  return `note: this is for the ${blockCount(count())} of ${named}; --stack takes ${rest}\n`;
}

function blockCount(count: number): string {
  return count === 1 ? '1 block' : `${count} blocks`;
}

/** Blocks that get nothing. */
function emptyBlocks({ blocks }: Allocation): string {
  const lines = blocks.flatMap((block) =>
    block.empty === undefined
      ? []
      : [`note: block ${blockLabel(block)} gets nothing: ${block.empty}\n`],
  );
  return lines.join('');
}

/** Ranks that are as large as the matrices allow. */
function cappedRanks({ blocks, projections = [] }: Allocation): string {
  const capped = [
    ...blocks.flatMap((block) =>
      block.cap === undefined ? [] : [`block ${blockLabel(block)} (${block.cap})`],
    ),
    ...projections.flatMap(({ name, cap }) => (cap === undefined ? [] : [`${name} (${cap})`])),
  ];
  if (capped.length === 0) return '';
  const layers = capped.length === 1 ? 'layer has' : 'layers have';
  return `${capped.length} ${layers} the largest rank that the smaller side of a matrix allows: ${some(capped)}\n`;
}

/** Experts of a higher rank than their matrices. */
function excessRanks(allocation: Allocation): string {
  const found = excessRank(allocation);
  if (!found) return '';
  const { rank, projections: small } = found;
  const least = small.reduce((min, { inputs, outputs }) => Math.min(min, inputs, outputs), rank);
  const names = some(small.map(({ name }) => name));
  return `rank ${rank} of an expert is above the smaller side of ${small.length} of its matrices, which gains nothing; --rank ${least} fits all: ${names}\n`;
}

/** Scores that were not measured, and why. */
function imputedScores(allocation: Allocation): string {
  const { scoredBy } = allocation;
  const { blocks, projections } = imputedLayers(allocation);
  const kin = scoredBy === undefined ? 'block' : 'role';
  const lines = blocks.map(
    (block) =>
      `weak: block ${blockLabel(block)}: ${scoredBy === undefined ? 'no fit says anything' : `no ${scoredBy}`} (${block.weak}); scored with the mean of the other blocks\n`,
  );
  if (projections.length > 0) {
    const names = some(projections.map(({ name, weak }) => `${name} (${weak})`));
    const others =
      projections.length === 1
        ? `1 projection scored with the mean of the others of its ${kin}`
        : `${projections.length} projections scored with the mean of the others of their ${kin}`;
    lines.push(`weak: ${others}, or of all where it has none: ${names}\n`);
  }
  return lines.join('');
}

function some(names: readonly string[]): string {
  return names.slice(0, MOST_NAMED).join(', ') + (names.length > MOST_NAMED ? ', ...' : '');
}
