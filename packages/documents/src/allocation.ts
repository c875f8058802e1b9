/** What the parts of an allocation must agree on, beyond its schema. */
import type { AllocatedBlock, AllocatedProjection, Allocation } from '@alphalora/contracts';
import { type Fault, firstRepeated, isReversed } from './fault.js';
import { resources } from './resources.js';

/** The first disagreement of an allocation that follows the schema. */
export function allocationFault(allocation: Allocation): Fault | undefined {
  const { budget, blocks, projections = [] } = allocation;
  if (isReversed([budget.min ?? 0, budget.max ?? Number.POSITIVE_INFINITY])) {
    return { path: ['budget', 'min'], what: 'is above budget.max' };
  }
  const repeated = firstRepeated(blocks.map(({ index }) => index));
  if (repeated !== undefined) {
    return { path: ['blocks', repeated, 'index'], what: 'is the index of an earlier block, too' };
  }
  for (const [i, block] of blocks.entries()) {
    if (selectsTooMany(block)) return tooMany(['blocks', i, 'topK']);
    if (isReversed(block.robustness?.experts)) {
      return { path: ['blocks', i, 'robustness', 'experts'], what: 'is reversed' };
    }
  }
  const adapters = resources[budget.unit].adapter;
  return (
    (adapters ? (listFault(allocation, 'experts') ?? listFault(allocation, 'topK')) : undefined) ??
    projectionsFault(projections, blocks) ??
    amountsFault(allocation)
  );
}

/** What a block gets is what each of its projections gets or, where those are decided one by one, their sum. */
function amountsFault({ budget, blocks, projections = [] }: Allocation): Fault | undefined {
  const { field, adds } = resources[budget.unit];
  const summed = budget.per === 'projection';
  if (projections.length === 0 || (summed && !adds)) return undefined;
  const places = new Map(blocks.map(({ index }, at) => [index, at]));
  const sums = blocks.map(() => 0);
  for (const [i, projection] of projections.entries()) {
    const at = places.get(projection.block)!;
    const { [field]: amount = 0 } = projection;
    const { [field]: whole = 0 } = blocks[at]!;
    sums[at]! += amount;
    if (summed || amount === whole) continue;
    return {
      path: ['projections', i, field],
      what: `is ${amount}, and blocks[${at}].${field} is ${whole}`,
    };
  }
  if (!summed) return undefined;
  const other = blocks.findIndex(
    ({ [field]: amount }, at) => amount !== undefined && amount !== sums[at],
  );
  if (other === -1) return undefined;
  const { [field]: amount } = blocks[other]!;
  const what = `is ${amount}, and those of its projections add up to ${sums[other]}`;
  return { path: ['blocks', other, field], what };
}

/** The lists say again what the blocks say. */
function listFault(allocation: Allocation, name: 'experts' | 'topK'): Fault | undefined {
  const { blocks, [name]: list } = allocation;
  if (list.length !== blocks.length) {
    const what = `has ${list.length} entries, and there are ${blocks.length} blocks`;
    return { path: [name], what };
  }
  const other = blocks.findIndex((block, i) => block[name] !== list[i]);
  if (other === -1) return undefined;
  const what = `is ${list[other]}, and blocks[${other}].${name} is ${blocks[other]![name]}`;
  return { path: [name, other], what };
}

function projectionsFault(
  projections: readonly AllocatedProjection[],
  blocks: readonly AllocatedBlock[],
): Fault | undefined {
  const indices = new Set(blocks.map(({ index }) => index));
  for (const [i, projection] of projections.entries()) {
    if (!indices.has(projection.block)) {
      const what = `is ${projection.block}, and there is no such block`;
      return { path: ['projections', i, 'block'], what };
    }
    if (selectsTooMany(projection)) return tooMany(['projections', i, 'topK']);
  }
  const repeated = firstRepeated(projections.map(({ name }) => name));
  if (repeated === undefined) return undefined;
  const what = 'is the name of an earlier projection, too';
  return { path: ['projections', repeated, 'name'], what };
}

/** More experts for each token than there are; without experts, the number says nothing. */
function selectsTooMany({ experts = 1, topK = 1 }: AllocatedBlock | AllocatedProjection): boolean {
  return topK > Math.max(1, experts);
}

function tooMany(path: Fault['path']): Fault {
  return { path, what: 'is more than the experts that there are' };
}
