/** Two documents side by side for people. */
import type { Resource } from '@alphalora/contracts';
import {
  amountText,
  blockLabel,
  printableData,
  resources,
  summaryText,
} from '@alphalora/documents';
import type { AllocationComparison, AnalysisComparison } from '@alphalora/documents/comparison';
import { fixed, signed, whole, withSign } from './numbers.js';
import { type Column, left, table } from './table.js';
import type { Terminal } from './terminal.js';

/** Longest bar, in characters. */
const LONGEST_BAR = 40;

/** @param files what the two sides are called on the command line */
export function analysisComparisonText(
  comparison: AnalysisComparison,
  options: { files: readonly [a: string, b: string]; top: number },
): string {
  const { files, top } = printableData(options);
  const { a, b, blocks, matrices, rankCorrelation } = printableData(comparison);
  const head = `a: ${files[0]} (${a.source})\nb: ${files[1]} (${b.source})\n`;
  const compared = blocks.some((block) => block.overlap !== undefined);
  const overlapColumn = compared ? [left('95 % intervals')] : [];
  const numbers: Column[] = [{ title: 'alpha a' }, { title: 'alpha b' }, { title: 'difference' }];
  const blockRows = blocks.map((block) => [
    blockLabel(block),
    ...changeCells(block),
    ...(compared ? [overlapText(block.overlap)] : []),
  ]);
  const sections = [head, table([{ title: 'block' }, ...numbers, ...overlapColumn], blockRows)];
  if (rankCorrelation !== undefined) {
    sections[1] += `rank correlation of the blocks (Spearman): ${fixed(rankCorrelation)}\n`;
  }
  if (matrices.length > 0 && top > 0) {
    const rows = matrices.slice(0, top).map((row) => [row.name, ...changeCells(row)]);
    const title = left('largest changes');
    sections.push(table([title, ...numbers], rows));
  }
  const alone = (
    label: string,
    { unmatched, failed, weak = [] }: AnalysisComparison['a'],
  ): string =>
    `${label}: ${unmatched.length} without a partner, ${failed.length} failed` +
    (weak.length > 0 ? `, ${weak.length} weak (a fit that says nothing is not compared)` : '');
  const renamed = matrices.filter(({ nameInB }) => nameInB !== undefined).length;
  const byPlace = renamed > 0 ? ` (${renamed} by block and role, as their names differ)` : '';
  sections.push(
    `${matrices.length} matrices compared${byPlace}; ${alone('a', a)}; ${alone('b', b)}\n`,
  );
  return sections.join('\n');
}

/** @param top projections with the largest changes to list */
export function allocationComparisonText(
  compared: AllocationComparison,
  options: { files: readonly [a: string, b: string]; top: number },
  output: Terminal = {},
): string {
  const { files, top } = printableData(options);
  const comparison = printableData(compared);
  const { a, b, unit, blocks, projections = [] } = comparison;
  const { amount: title } = resources[unit];
  const numbers: Column[] = [
    ...[{ title: `${title} a` }, { title: `${title} b` }, { title: 'difference' }],
  ];
  const cells = (row: (typeof blocks | typeof projections)[number]): string[] => [
    ...[amountText(row.a, unit), amountText(row.b, unit), changeText(row.difference, unit)],
  ];
  const most = Math.max(...blocks.flatMap((block) => [block.a ?? 0, block.b ?? 0]));
  const scale = resources[unit].whole && most <= LONGEST_BAR ? 1 : LONGEST_BAR / most;
  const body = table(
    [{ title: 'block' }, ...numbers, left('')],
    blocks.map((block) => [
      ...[blockLabel(block), ...cells(block)],
      bar((block.a ?? 0) * scale, (block.b ?? 0) * scale),
    ]),
  );
  const sections = [
    `a: ${files[0]}\n   ${summaryText(a)}\nb: ${files[1]}\n   ${summaryText(b)}\n`,
    `${output.hasColors?.() ? painted(body) : body}█ both, ▒ only b, ░ only a${sumNote(comparison)}\n`,
  ];
  const changed = projections.filter(({ difference }) => difference !== 0);
  if (changed.length > 0 && top > 0) {
    const heading = left('largest changes');
    const rows = changed.slice(0, top).map((row) => [row.name, ...cells(row)]);
    sections.push(table([heading, ...numbers], rows));
  }
  const counted =
    projections.length > 0 ? `${changed.length} of ${projections.length} projections differ\n` : '';
  sections.push(counted + parametersText(comparison) + distanceText(comparison));
  return sections.join('\n');
}

/** Beside a budget per projection, the numbers of blocks are not those of a budget per block. */
function sumNote({ a, b, unit }: AllocationComparison): string {
  const projections = a.budget.per === 'projection' || b.budget.per === 'projection';
  return projections && resources[unit].adds ? '; of a block, the sum over its projections' : '';
}

function painted(body: string): string {
  return body
    .replace(/█+/g, '\x1b[36m$&\x1b[39m')
    .replace(/▒+/g, '\x1b[32m$&\x1b[39m')
    .replace(/░+/g, '\x1b[31m$&\x1b[39m');
}

/** What both have, then what one of them has more. */
function bar(a: number, b: number): string {
  const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) => Math.max(0, Math.round(x)));
  return '█'.repeat(low!) + (b > a ? '▒' : '░').repeat(high! - low!);
}

function parametersText({ a, b }: AllocationComparison): string {
  if (!a.parameters || !b.parameters) return '';
  const [sizeA, sizeB] = [a.parameters.trainable, b.parameters.trainable];
  const change = signed((100 * (sizeB - sizeA)) / sizeA, 1);
  const relative = sizeA === sizeB || sizeA === 0 ? '' : ` (${change} %)`;
  return `trainable parameters: ${whole(sizeA)} in a, ${whole(sizeB)} in b${relative}\n`;
}

function distanceText({ distance, distanceOver, unit }: AllocationComparison): string {
  const over = distanceOver === 'projections' ? ' over the projections' : '';
  return `distance (sum of the differences' sizes${over}): ${amountText(distance, unit)} ${resources[unit].units}\n`;
}

function changeCells(row: { a?: number; b?: number; difference?: number }): string[] {
  return [fixed(row.a), fixed(row.b), signed(row.difference, 3)];
}

export function overlapText(overlap: boolean | undefined): string {
  if (overlap === undefined) return '-';
  return overlap ? 'overlap' : 'apart';
}

function changeText(difference: number | undefined, unit: Resource): string {
  return difference === undefined ? '-' : withSign(amountText(difference, unit));
}
