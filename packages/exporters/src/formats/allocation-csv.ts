/**
 * An allocation as a table: one row per projection where the document names them, else one per
 * block. A block without projections keeps a row of its own, so that no block is lost.
 *
 * `score` of a projection is its block's where the budget was per block. A block's `share` is only
 * in its own row, because the shares of all layers sum to 1.
 */
import type { AllocatedBlock, AllocatedProjection, Allocation } from '@alphalora/contracts';
import { type Cells, tableOf } from '../shared/table.js';

/** Of an encoder and its decoder, or of one of several stacks: its name, and the number of the block in it. */
const ofStacks = ['stack', 'stack_block'];
const amounts = ['score', 'share', 'experts', 'top_k', 'rank', 'value'];
const ofBlocks = ['block', ...amounts, 'changed', 'experts_low', 'experts_high'];
const ofProjections = ['block', 'name', 'role', 'inputs', 'outputs', ...amounts];

export function allocationTable({ stack, blocks, projections }: Allocation): string {
  const places = new Map(blocks.map((block) => [block.index, placeCells(block, stack)]));
  const inStacks = (columns: readonly string[]): string[] =>
    stack === undefined && !blocks.some((block) => block.stack)
      ? [...columns]
      : [columns[0]!, ...ofStacks, ...columns.slice(1)];
  const table = (rows: readonly Cells[], columns: readonly string[]): string =>
    tableOf(
      rows.map((row) => ({ ...row, ...places.get(Number(row['block'])) })),
      inStacks(columns),
    );
  if (!projections) return table(blocks.map(blockCells), ofBlocks);
  const scores = new Map(blocks.map(({ index, score }) => [index, score]));
  const named = new Set(projections.map(({ block }) => block));
  const rows = [
    ...projections.map((projection) => projectionCells(projection, scores)),
    ...blocks.filter(({ index }) => !named.has(index)).map(blockCells),
  ];
  // Stable: projections stay in the checkpoint's order.
  rows.sort((a, b) => Number(a['block']) - Number(b['block']));
  return table(rows, ofProjections);
}

function placeCells({ index, stack }: AllocatedBlock, name: string | undefined): Cells {
  if (stack) return { stack: stack.name, stack_block: stack.block };
  return name === undefined ? {} : { stack: name, stack_block: index };
}

export function allocationNotes({ blocks, projections }: Allocation): string[] {
  if (!projections || !blocks.some(({ robustness }) => robustness)) return [];
  return ['the table of projections has no room for the robustness of the blocks'];
}

function blockCells(block: AllocatedBlock): Cells {
  const [low, high] = block.robustness?.experts ?? [];
  return {
    block: block.index,
    score: block.empty === undefined ? block.score : undefined,
    share: block.share,
    experts: block.experts,
    top_k: block.topK,
    rank: block.rank,
    value: block.value,
    changed: block.robustness?.changed,
    experts_low: low,
    experts_high: high,
  };
}

function projectionCells(
  projection: AllocatedProjection,
  scores: ReadonlyMap<number, number>,
): Cells {
  const { block, name, role, inputs, outputs, share, experts, rank, value } = projection;
  return {
    block,
    name,
    role,
    inputs,
    outputs,
    share,
    experts,
    rank,
    value,
    score: projection.score ?? scores.get(block),
    top_k: projection.topK,
  };
}
