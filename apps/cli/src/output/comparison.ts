/** Two documents side by side for people. */
import type {
  AllocationComparison,
  AnalysisComparison,
  ComparedAllocation,
} from '../comparison.js';
import type { Output } from '../io.js';
import { fixed } from './analysis.js';
import { type Column, table } from './table.js';

/** Longest bar of experts, in characters. */
const LONGEST_BAR = 40;

/** @param files what the two sides are called on the command line */
export function analysisComparisonText(
  comparison: AnalysisComparison,
  { files, top }: { files: readonly [a: string, b: string]; top: number },
): string {
  const { a, b, blocks, matrices, rankCorrelation } = comparison;
  const head = `a: ${files[0]} (${a.source})\nb: ${files[1]} (${b.source})\n`;
  const compared = blocks.some((block) => block.overlap !== undefined);
  const overlapColumn = compared ? [{ title: '95 % intervals', align: 'left' as const }] : [];
  const numbers: Column[] = [{ title: 'alpha a' }, { title: 'alpha b' }, { title: 'difference' }];
  const blockRows = blocks.map((block) => [
    String(block.index),
    ...changeCells(block),
    ...(compared ? [overlapText(block.overlap)] : []),
  ]);
  const sections = [head, table([{ title: 'block' }, ...numbers, ...overlapColumn], blockRows)];
  if (rankCorrelation !== undefined) {
    sections[1] += `rank correlation of the blocks (Spearman): ${fixed(rankCorrelation)}\n`;
  }
  if (matrices.length > 0 && top > 0) {
    const rows = matrices.slice(0, top).map((row) => [row.name, ...changeCells(row)]);
    const title = { title: 'largest changes', align: 'left' as const };
    sections.push(table([title, ...numbers], rows));
  }
  const alone = (label: string, { unmatched, failed }: AnalysisComparison['a']): string =>
    `${label}: ${unmatched.length} without a partner, ${failed.length} failed`;
  const renamed = matrices.filter(({ nameInB }) => nameInB !== undefined).length;
  const byPlace = renamed > 0 ? ` (${renamed} by block and role, as their names differ)` : '';
  sections.push(
    `${matrices.length} matrices compared${byPlace}; ${alone('a', a)}; ${alone('b', b)}\n`,
  );
  return sections.join('\n');
}

export function allocationComparisonText(
  { a, b, blocks, distance }: AllocationComparison,
  files: readonly [a: string, b: string],
  output: Output,
): string {
  const most = Math.max(...blocks.flatMap((block) => [block.a ?? 0, block.b ?? 0]));
  const unit = most <= LONGEST_BAR ? 1 : LONGEST_BAR / most;
  const columns: Column[] = [
    ...[{ title: 'block' }, { title: 'experts a' }, { title: 'experts b' }],
    ...[{ title: 'difference' }, { title: '', align: 'left' as const }],
  ];
  const rows = blocks.map((block) => [
    ...[String(block.index), count(block.a), count(block.b), signed(block.difference, 0)],
    bar((block.a ?? 0) * unit, (block.b ?? 0) * unit),
  ]);
  const body = table(columns, rows);
  const painted = output.hasColors?.()
    ? body
        .replace(/█+/g, '\x1b[36m$&\x1b[39m')
        .replace(/▒+/g, '\x1b[32m$&\x1b[39m')
        .replace(/░+/g, '\x1b[31m$&\x1b[39m')
    : body;
  return (
    `a: ${files[0]} (${ruleText(a)})\nb: ${files[1]} (${ruleText(b)})\n\n${painted}` +
    `█ both, ▒ only b, ░ only a\ndistance (sum of the differences' sizes): ${distance} experts\n`
  );
}

/** What both have, then what one of them has more. */
function bar(a: number, b: number): string {
  const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) => Math.max(0, Math.round(x)));
  return '█'.repeat(low!) + (b > a ? '▒' : '░').repeat(high! - low!);
}

function ruleText({ policy, budget, rounding, parameters, blocks }: ComparedAllocation): string {
  const options = Object.entries(policy.options).map(([key, value]) => `${key}=${value}`);
  const size = parameters
    ? [
        `${parameters.trainable.toLocaleString('en-US')} trainable parameters at rank ${parameters.rank}`,
      ]
    : [];
  const total = `${budget.total} experts in ${blocks} blocks`;
  return [policy.name, ...options, rounding, total, ...size].join(', ');
}

function changeCells(row: { a?: number; b?: number; difference?: number }): string[] {
  return [fixed(row.a), fixed(row.b), signed(row.difference, 3)];
}

function overlapText(overlap: boolean | undefined): string {
  if (overlap === undefined) return '-';
  return overlap ? 'overlap' : 'apart';
}

function count(value: number | undefined): string {
  return value === undefined ? '-' : String(value);
}

function signed(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
}
