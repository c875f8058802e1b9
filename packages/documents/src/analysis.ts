/** What the parts of an analysis must agree on, beyond its schema. */
import type { Analysis, BlockRow, MatrixRow } from '@alphalora/contracts';
import { type Fault, firstRepeated, isReversed } from './fault.js';

/** The first disagreement of an analysis that follows the schema. */
export function analysisFault(analysis: Analysis): Fault | undefined {
  const { model, blocks, stacks = [], matrices, shard } = analysis;
  if (blocks.length !== model.blocks) {
    const what = `has ${blocks.length} entries, and model.blocks is ${model.blocks}`;
    return { path: ['blocks'], what };
  }
  if (shard && shard.index > shard.count) {
    return { path: ['shard', 'index'], what: `is above shard.count, which is ${shard.count}` };
  }
  for (const [i, block] of blocks.entries()) {
    const fault = blockFault(block, i);
    if (fault) return { path: ['blocks', i, ...fault.path], what: fault.what };
  }
  const others = stackFault(analysis);
  if (others) return others;
  const known = new Map(
    stacks.map((stack) => [stack.name, new Set(stack.blocks.map(({ index }) => index))]),
  );
  for (const [i, row] of matrices.entries()) {
    const fault = placeFault(row, blocks, known) ?? rowFault(row, analysis);
    if (fault) return { path: ['matrices', i, ...fault.path], what: fault.what };
  }
  const repeated = firstRepeated(matrices.map(({ name }) => name));
  if (repeated === undefined) return undefined;
  return { path: ['matrices', repeated, 'name'], what: 'is the name of an earlier matrix, too' };
}

/** The other stacks: each by one name, their blocks in order, as many as have weights. */
function stackFault({ stacks = [] }: Analysis): Fault | undefined {
  const repeated = firstRepeated(stacks.map(({ name }) => name));
  if (repeated !== undefined) {
    return { path: ['stacks', repeated, 'name'], what: 'is the name of an earlier stack, too' };
  }
  for (const [i, { blocks }] of stacks.entries()) {
    for (const [j, block] of blocks.entries()) {
      const before = blocks[j - 1]?.index ?? -1;
      const fault =
        block.index <= before
          ? { path: ['index'], what: `is ${block.index} and must be above ${before}` }
          : boundsFault(block);
      if (fault) return { path: ['stacks', i, 'blocks', j, ...fault.path], what: fault.what };
    }
  }
  return undefined;
}

/** A row in a stack that the document does not have, or in another one than its block. */
function placeFault(
  { block, stack }: MatrixRow,
  blocks: readonly BlockRow[],
  known: ReadonlyMap<string, ReadonlySet<number>>,
): Fault | undefined {
  if (!stack) return undefined;
  if (block === undefined) {
    if (known.get(stack.name)?.has(stack.block)) return undefined;
    return { path: ['stack'], what: `has no block ${stack.block} in any list of stacks` };
  }
  const own = blocks[block]?.stack;
  if (own?.name === stack.name && own.block === stack.block) return undefined;
  return { path: ['stack'], what: `is another than that of block ${block}` };
}

function blockFault(block: BlockRow, position: number): Fault | undefined {
  const { index } = block;
  if (index !== position) return { path: ['index'], what: `is ${index} and must be ${position}` };
  return boundsFault(block);
}

function boundsFault({ range, interval }: BlockRow): Fault | undefined {
  if (isReversed(range)) return reversed('range');
  return isReversed(interval) ? reversed('interval') : undefined;
}

function rowFault(row: MatrixRow, { blocks, shard }: Analysis): Fault | undefined {
  if (!Number.isSafeInteger(row.shape.reduce((product, length) => product * length, 1))) {
    return { path: ['shape'], what: 'has more elements than any matrix can have' };
  }
  if (row.block !== undefined && row.block >= blocks.length) {
    return { path: ['block'], what: `is ${row.block}, and there are ${blocks.length} blocks` };
  }
  if (row.status !== 'ok') {
    const beyond = row.shard !== undefined && row.shard > (shard?.count ?? 0);
    return beyond ? { path: ['shard'], what: 'is not a part of this analysis' } : undefined;
  }
  if (isReversed(row.interval)) return reversed('interval');
  if (!row.spectrum) return undefined;
  const { range, cuts } = row.spectrum;
  if (isReversed(range)) return { path: ['spectrum', 'range'], what: 'is reversed' };
  if (cuts.tail.length === cuts.alpha.length) return undefined;
  const what = `has ${cuts.alpha.length} entries, and cuts.tail has ${cuts.tail.length}`;
  return { path: ['spectrum', 'cuts', 'alpha'], what };
}

function reversed(field: string): Fault {
  return { path: [field], what: 'is reversed' };
}
