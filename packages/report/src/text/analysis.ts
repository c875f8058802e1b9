/**
 * An analysis for people: alpha by block and role with its uncertainty, how it runs over the
 * blocks, spectra of the other matrices, warnings, and what was left out.
 */
import {
  type AnalysedRow,
  type Analysis,
  alphaBounds,
  type BlockRow,
  hasAlpha,
  hasFixedCut,
  type MatrixRow,
  type Warning,
} from '@alphalora/contracts';
import { blockLabel, printableData } from '@alphalora/documents';
import { group, mean } from 'd3-array';
import { metricMeanLines } from './metric-means.js';
import { fixed } from './numbers.js';
import { binned, commonScale, histogram, sparkline } from './spark.js';
import { type Column, left, table } from './table.js';
import type { Terminal } from './terminal.js';

/** Rows of the table of matrices outside of blocks; the document has all. */
const MOST_ROWS = 40;
/** Matrices that a warning names. */
const MOST_WARNED = 3;
/** Characters of a drawn spectrum. */
const HISTOGRAM_WIDTH = 20;
/** Characters beside a sparkline: two gaps, and a range such as `11.33 … 14.47`. */
const RANGE_WIDTH = 17;

export function analysisText(document: Analysis, output: Terminal = {}): string {
  const analysis = printableData(document);
  const { model, blocks, stacks = [] } = analysis;
  const ok = analysis.matrices.filter((row) => row.status === 'ok');
  const title =
    `${model.source}${model.architecture ? ` (${model.architecture})` : ''}` +
    `${model.base === undefined ? '' : ` less ${model.base}`}: ` +
    `${blocks.length} blocks${model.stack === undefined ? '' : ` of ${model.stack}`}, ${ok.length} ${ok.length === 1 ? 'matrix' : 'matrices'} ` +
    `measured with ${analysis.options.estimator}` +
    `${analysis.options['cast'] === undefined ? '' : `, weights cast to ${analysis.options['cast']}`}\n`;
  const measured = ok.filter((row) => inBlock(row) && hasAlpha(row));
  const beside = group(
    ok.flatMap((row) => placedBeside(row) ?? []),
    ({ stack }) => stack!.name,
  );
  const sections = [
    ...blockSections(blocks, measured, output),
    ...stacks.flatMap((stack) => {
      const rows = beside.get(stack.name) ?? [];
      const [table = ''] = blockSections(stack.blocks, rows.filter(hasAlpha), output);
      return table === '' ? [] : [headOf(stack) + table];
    }),
    matrixTable(ok.filter((row) => !inBlock(row) && placedBeside(row) === undefined)),
    metricMeanLines(analysis, output),
    intervalLine(analysis) + (hasFixedCut(analysis) ? '' : warningLines(ok)) + weakLine(ok),
  ];
  const text = [title, ...sections.filter((section) => section !== '')].join('\n');
  if (!output.hasColors?.()) return text;
  return text
    .replace(/[▁-█][▁-█·↑↓ ]*/g, '\x1b[36m$&\x1b[39m')
    .replace(/^\d+ (spurious|under-trained|over-trained|weak)/gm, '\x1b[33m$&\x1b[39m');
}

function blockSections(
  blocks: readonly BlockRow[],
  measured: readonly AnalysedRow[],
  output: Terminal,
): string[] {
  if (blocks.every(({ alpha }) => alpha === undefined)) return [];
  return [blockTable(blocks, measured, output), alphaLines(blocks, measured, output)];
}

/** Above the blocks of a stack beside the main one. */
function headOf({ name, reason }: NonNullable<Analysis['stacks']>[number]): string {
  return `stack ${name}${reason === undefined ? '' : ` (${reason})`}\n`;
}

/** A projection of such a stack, with the number of its block there. */
function placedBeside(row: AnalysedRow): AnalysedRow | undefined {
  if (row.block !== undefined || !row.stack) return undefined;
  const placed = { ...row, block: row.stack.block };
  return inBlock(placed) ? placed : undefined;
}

/** A row per block, a column per role where they all fit on a line. */
function blockTable(
  blocks: readonly BlockRow[],
  measured: readonly AnalysedRow[],
  output: Terminal,
): string {
  const roles = rolesOf(measured);
  const cells = blocks.map((block) => [
    blockLabel(block),
    withUncertainty(block),
    ...roles.map((role) => fixed(roleAlpha(measured, block.index, role))),
  ]);
  const columns: Column[] = [{ title: 'block' }, { title: 'alpha' }];
  const full = table([...columns, ...roles.map((role) => ({ title: role }))], cells);
  const note = uncertaintyNote(blocks);
  if (full.indexOf('\n') <= (output.columns ?? 120)) return full + note;
  const narrow = cells.map((row) => row.slice(0, 2));
  return table(columns, narrow) + note;
}

/** `2.310 ± 0.120`: half of the 95 % interval, or where there is none the spread of the block. */
function withUncertainty({ alpha, interval, spread }: Partial<BlockRow>): string {
  const half = interval ? (interval[1] - interval[0]) / 2 : spread;
  return half === undefined ? fixed(alpha) : `${fixed(alpha)} ± ${fixed(half)}`;
}

function uncertaintyNote(blocks: readonly BlockRow[]): string {
  if (blocks.some(({ interval }) => interval)) return '± half of the 95 % interval\n';
  if (blocks.every(({ spread }) => spread === undefined)) return '';
  return "± standard deviation of the block's projections\n";
}

/** How alpha runs over the blocks: a line per role and one for the blocks, on one scale. */
function alphaLines(
  blocks: readonly BlockRow[],
  measured: readonly AnalysedRow[],
  output: Terminal,
): string {
  const series = [
    ...rolesOf(measured).map((role) => ({
      label: role,
      alphas: blocks.map(({ index }) => roleAlpha(measured, index, role)),
    })),
    { label: 'block', alphas: blocks.map(({ alpha }) => alpha) },
  ];
  const present = series.flatMap(({ alphas }) => alphas.filter((alpha) => alpha !== undefined));
  const scale = commonScale(present);
  if (!scale || blocks.length < 2) return '';
  const labels = Math.max(...series.map(({ label }) => label.length));
  const most = Math.max(10, (output.columns ?? 80) - labels - RANGE_WIDTH);
  const lines = series.map(({ label, alphas }) => {
    const known = alphas.filter((alpha) => alpha !== undefined);
    if (known.length === 0) return `${label}  -\n`;
    const line = sparkline(binned(alphas, most, scale), scale);
    const range = `${fixed(Math.min(...known), 2)} … ${fixed(Math.max(...known), 2)}`;
    return `${label.padEnd(labels)}  ${line}  ${range}\n`;
  });
  const [lowest, highest] = [fixed(scale.low, 2), fixed(scale.high, 2)];
  const merged = blocks.length > most ? `, ${most} runs of neighbours` : '';
  const beyond = present.some((alpha) => alpha > scale.high || alpha < scale.low)
    ? '; an arrow is an outlier'
    : '';
  return `alpha over the blocks, first to last${merged} (${lowest} to ${highest}${beyond})\n${lines.join('')}`;
}

function matrixTable(rows: readonly AnalysedRow[]): string {
  if (rows.length === 0) return '';
  const columns: Column[] = [
    left('matrix'),
    { title: 'alpha' },
    { title: 'tail' },
    { title: '95 % interval' },
    left('density over log lambda'),
  ];
  // Intervals of single matrices are often lopsided: half of one beside alpha would mislead.
  const cells = rows
    .slice(0, MOST_ROWS)
    .map(({ name, alpha, interval, tail, spectrum, weak }) => [
      ...[name, weak === undefined ? fixed(alpha) : '-', String(tail)],
      interval ? `${fixed(interval[0])} … ${fixed(interval[1])}` : '',
      spectrum ? histogram(spectrum.counts, HISTOGRAM_WIDTH) : '',
    ]);
  const used = columns.map((_, i) => cells.some((row) => row[i] !== ''));
  const more = rows.length > MOST_ROWS ? `and ${rows.length - MOST_ROWS} more\n` : '';
  const kept = <Cell>(row: readonly Cell[]): Cell[] => row.filter((_, i) => used[i]);
  return table(kept(columns), cells.map(kept)) + more;
}

/** What the intervals assume. */
function intervalLine({ blocks, options }: Analysis): string {
  if (blocks.every(({ interval }) => interval === undefined)) return '';
  return typeof options['bootstrap'] === 'number'
    ? 'intervals by a bootstrap, which takes the eigenvalues of a matrix for independent\n'
    : 'intervals by rigid draws: eigenvalues of one matrix repel one another, so each moves by up to a rank; ' +
        '--bootstrap 200 takes them for independent\n';
}

/** A line per kind of warning, with the matrices that deserve it most. */
function warningLines(rows: readonly AnalysedRow[]): string {
  const kinds: Array<[Warning, string, sign: number]> = [
    ['spurious', `alpha > ${alphaBounds.spurious}`, -1],
    ['under-trained', `alpha > ${alphaBounds.underTrained}`, -1],
    ['over-trained', `alpha < ${alphaBounds.overTrained}`, 1],
  ];
  const lines = kinds.map(([kind, bound, sign]) => {
    const warned = rows.filter(({ warning }) => warning === kind);
    if (warned.length === 0) return '';
    warned.sort((a, b) => sign * (a.alpha - b.alpha));
    const worst = warned.slice(0, MOST_WARNED).map(({ name, alpha }) => `${name} ${fixed(alpha)}`);
    const more = warned.length > MOST_WARNED ? ', ...' : '';
    return `${warned.length} ${kind} (${bound}): ${worst.join(', ')}${more}\n`;
  });
  return lines.join('');
}

/** Fits without a place in the table above. */
function weakLine(rows: readonly AnalysedRow[]): string {
  const weak = rows.filter((row) => row.weak !== undefined);
  const [first] = weak;
  if (!first) return '';
  const more = weak.length > 1 ? `, and ${weak.length - 1} more` : '';
  return `${weak.length} weak (left out of every score): ${first.name}: ${first.weak}${more}\n`;
}

function rolesOf(measured: readonly AnalysedRow[]): string[] {
  return [...new Set(measured.map((row) => row.role!))];
}

/** Mean alpha of a role: several matrices share it in a mixture of experts. */
function roleAlpha(
  measured: readonly AnalysedRow[],
  block: number,
  role: string,
): number | undefined {
  const alike = measured.filter((row) => row.block === block && row.role === role);
  return alike.length > 0 ? mean(alike.map((row) => row.alpha)) : undefined;
}

function inBlock(row: MatrixRow): boolean {
  return row.block !== undefined && row.role !== undefined && row.kind === 'projection';
}
