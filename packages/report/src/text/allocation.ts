/**
 * An allocation for people. Per block: a row for each with a bar. Per projection: blocks as rows and
 * roles as columns where all blocks have the same roles, otherwise a row for each projection.
 */
import type {
  AllocatedBlock,
  AllocatedProjection,
  Allocation,
  Resource,
} from '@alphalora/contracts';
import {
  amountOf,
  amountsByBlock,
  amountText,
  blockLabel,
  imputedLayers,
  labelOf,
  printableData,
  resources,
  summaryOf,
  summaryText,
} from '@alphalora/documents';
import { fixed } from './numbers.js';
import { type Column, left, table } from './table.js';
import type { Terminal } from './terminal.js';

/** Longest bar, in characters. */
const LONGEST_BAR = 40;
/** A bar shorter than this says nothing. */
const SHORTEST_BAR = 10;

/** Rows before their bars. */
interface Grid {
  columns: Column[];
  rows: string[][];
  /** What the bar of each row shows. */
  amounts: ReadonlyArray<number | undefined>;
}

/**
 * @param planted the exponents that a demo model was made with, to show beside the estimates
 * @param judged what the policy looked at, where that is no metric: `alpha`, or `score` where it came
 * from elsewhere
 */
export function allocationText(
  document: Allocation,
  output: Terminal = {},
  planted?: readonly number[],
  judged: 'alpha' | 'score' = 'alpha',
): string {
  const allocation = printableData(document);
  const { budget, projections } = allocation;
  const scores = allocation.scoredBy ?? judged;
  const width = output.columns ?? 120;
  const byBlock = { allocation, planted, scores };
  const grid =
    budget.per === 'projection' && projections
      ? (projectionMatrix(byBlock, projections, width) ??
        projectionRows(allocation, projections, scores))
      : blockRows(byBlock);
  const body = withBars(grid, { width, whole: resources[budget.unit].whole });
  const painted = output.hasColors?.() ? body.replace(/█+/g, '\x1b[36m$&\x1b[39m') : body;
  return `${painted}${imputedNote(allocation)}\n${summaryText(summaryOf(allocation))}\n`;
}

/** Behind a score that is not the layer's own. */
const IMPUTED = '*';

function scoreText({ score, weak, empty }: Partial<AllocatedBlock>): string {
  return fixed(empty === undefined ? score : undefined) + (weak === undefined ? '' : IMPUTED);
}

function imputedNote(allocation: Allocation): string {
  const { blocks, projections } = imputedLayers(allocation);
  if (blocks.length + projections.length === 0) return '';
  const lacking =
    allocation.scoredBy === undefined
      ? 'no fit there says anything'
      : `no finite ${allocation.scoredBy} there`;
  return `${IMPUTED} ${lacking}: the mean of the others\n`;
}

interface ByBlock {
  allocation: Allocation;
  planted?: readonly number[] | undefined;
  scores: string;
}

function blockRows({ allocation, ...others }: ByBlock): Grid {
  const { blocks, budget } = allocation;
  const { columns, rows } = heads({ allocation, ...others });
  const amounts = amountsByBlock(allocation);
  const topK = resources[budget.unit].routed;
  return {
    columns: [
      ...columns,
      { title: resources[budget.unit].amount },
      ...(topK ? [{ title: 'top-k' }] : []),
    ],
    rows: rows.map((row, i) => [
      ...row,
      givenText(amounts[i], budget.unit),
      ...(topK ? [String(blocks[i]!.topK)] : []),
    ]),
    amounts,
  };
}

/** Undefined where the blocks do not have the same roles, each once. */
function projectionMatrix(
  { allocation, ...others }: ByBlock,
  projections: readonly AllocatedProjection[],
  width: number,
): Grid | undefined {
  const { budget } = allocation;
  const blocks = allocation.blocks.filter(({ empty }) => empty === undefined);
  const cells = new Map(projections.map((one) => [`${one.block} ${labelOf(one)}`, one]));
  const labels = [...new Set(projections.map(labelOf))];
  if (cells.size !== projections.length || cells.size !== blocks.length * labels.length) {
    return undefined;
  }
  const filled = { ...allocation, blocks };
  const { columns, rows } = heads({ allocation: filled, ...others });
  const amounts = amountsByBlock(filled);
  const grid = (titles: readonly string[]): Grid => ({
    columns: [
      ...columns,
      ...titles.map((title) => ({ title })),
      { title: resources[budget.unit].adds ? 'sum' : 'average' },
    ],
    rows: rows.map((row, i) => [
      ...row,
      ...labels.map((label) =>
        givenText(amountOf(cells.get(`${blocks[i]!.index} ${label}`)!, budget.unit), budget.unit),
      ),
      amountText(amounts[i], budget.unit),
    ]),
    amounts,
  });
  const full = grid(labels);
  if (widthOf(full) + 2 + SHORTEST_BAR <= width) return full;
  return grid(labels.map((label) => label.replace(/_proj$/, '')));
}

function projectionRows(
  { blocks, budget: { unit } }: Allocation,
  projections: readonly AllocatedProjection[],
  scores: string,
): Grid {
  const amounts = projections.map((one) => amountOf(one, unit));
  const labels = new Map(blocks.map((block) => [block.index, blockLabel(block)]));
  return {
    columns: [
      ...[left('projection'), { title: 'block' }, { title: scores }],
      { title: resources[unit].amount },
    ],
    rows: projections.map((one, i) => [
      ...[
        one.name,
        labels.get(one.block) ?? String(one.block),
        scoreText(one),
        givenText(amounts[i], unit),
      ],
    ]),
    amounts,
  };
}

/** What one layer was given; of a selection `train` or nothing, so that a column shows a pattern. */
function givenText(amount: number | undefined, unit: Resource): string {
  if (unit !== 'selection' || amount === undefined) return amountText(amount, unit);
  return amount === 0 ? '·' : 'train';
}

/** The columns that say which block it is. */
function heads({ allocation: { blocks }, planted, scores }: ByBlock): Omit<Grid, 'amounts'> {
  return {
    columns: [{ title: 'block' }, ...(planted ? [{ title: 'planted' }] : []), { title: scores }],
    rows: blocks.map((block) => [
      ...[blockLabel(block), ...(planted ? [fixed(planted[block.index])] : [])],
      scoreText(block),
    ]),
  };
}

/** Bars on one scale: a character for each unit where that fits, otherwise to the longest. */
function withBars(
  { columns, rows, amounts }: Grid,
  { width, whole }: { width: number; whole: boolean },
): string {
  const room = Math.min(LONGEST_BAR, width - widthOf({ columns, rows }) - 2);
  const most = Math.max(0, ...amounts.map((amount) => amount ?? 0));
  if (room < SHORTEST_BAR || most === 0) return table(columns, rows);
  const scale = whole && most <= room ? 1 : room / most;
  return table(
    [...columns, left('')],
    rows.map((row, i) => [...row, '█'.repeat(Math.max(0, Math.round(scale * (amounts[i] ?? 0))))]),
  );
}

function widthOf({ columns, rows }: Omit<Grid, 'amounts'>): number {
  return Math.max(
    ...table(columns, rows)
      .split('\n')
      .map((line) => line.length),
  );
}
