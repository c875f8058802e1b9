/**
 * How robust an allocation is: the same request for other scores that the layers might have had.
 *
 * Two questions are answered for every block: in what share of the bootstrap draws would it get
 * another number of experts, and which one of its projections decides its number most.
 */
import type { Allocation, BlockRobustness } from '@alphalora/contracts';
import { middle95 } from '@alphalora/contracts/numbers';
import { type AllocateOptions, allocationFor, decide, prepare } from './allocate.js';
import { filled } from './missing.js';

/** Scores other than those of the request; blocks are numbers of blocks, those of its layers and others. */
export interface Alternatives {
  /** By draw, then by block; NaN for a block without a score of its own. */
  draws: readonly (readonly number[])[];
  /** The score of one block when one of its projections is left out. */
  without: ReadonlyArray<{
    block: number;
    name: string;
    role?: string;
    alpha: number;
    score: number;
  }>;
  /** p-value of all blocks having the same score, where it is known. */
  homogeneity?: number;
}

/** Above this p-value, blocks count as alike. */
const SIGNIFICANCE = 0.05;

/**
 * The allocation of a request, with its robustness where there are draws and the budget is one of
 * experts per block: the alternatives are scores of blocks, and their outcome is counted in experts.
 * Every other allocation comes without, and so does a block without a score of its own. Where blocks
 * get the budget and cannot be told apart, a note says so, of any resource.
 *
 * @throws AlphaLoraError as {@link allocate} does
 */
export async function allocateRobustly(
  request: AllocateOptions,
  { draws, without, homogeneity = 0 }: Alternatives,
): Promise<Allocation> {
  const prepared = await prepare(request);
  const decided = await decide(prepared, prepared.layers);
  const { kind, per } = prepared.budget;
  const isAlike = per === 'block' && homogeneity > SIGNIFICANCE;
  const plain = allocationFor(prepared, decided);
  const allocation = isAlike
    ? { ...plain, notes: [...(plain.notes ?? []), alikeNote(homogeneity)] }
    : plain;
  if (draws.length === 0 || kind.field !== 'experts' || per !== 'block') return allocation;
  const expertsFor = async (scores: readonly number[]): Promise<readonly number[]> => {
    const layers = prepared.layers.map((layer, i) => ({ ...layer, score: scores[i]! }));
    return (await decide(prepared, layers)).quantities;
  };
  const { layers } = request;
  const scores = layers.map(({ score }) => score);
  const positions = new Map(layers.map(({ block }, position) => [block, position]));
  const { quantities } = decided;
  const drawn: (readonly number[])[] = [];
  for (const draw of draws) {
    drawn.push(await expertsFor(filled(layers.map(({ block }) => draw[block] ?? Number.NaN))));
  }
  const drivers = new Map<number, NonNullable<BlockRobustness['driver']>>();
  for (const { block, score, ...projection } of without) {
    const position = positions.get(block)!;
    const experts = (await expertsFor(scores.with(position, score)))[position]!;
    const chosen = quantities[position]!;
    const strongest = drivers.get(block);
    const change = Math.abs(experts - chosen);
    if (!strongest || change > Math.abs(strongest.experts - chosen)) {
      drivers.set(block, { ...projection, experts });
    }
  }
  const distances = drawn.map((experts) => distance(experts, quantities));
  const total = distances.reduce((sum, value) => sum + value, 0);
  return {
    ...allocation,
    blocks: allocation.blocks.map((block) => {
      const i = positions.get(block.index);
      // What was not measured cannot be called stable.
      if (i === undefined || layers[i]!.weak !== undefined) return block;
      const driver = drivers.get(block.index);
      const counts = drawn.map((experts) => experts[i]!);
      const changed = counts.filter((experts) => experts !== block.experts).length / draws.length;
      const robustness = { changed, experts: middle95(counts), ...(driver && { driver }) };
      return { ...block, robustness };
    }),
    robustness: { draws: draws.length, distance: total / draws.length },
  };
}

function alikeNote(p: number): string {
  return (
    'the blocks of this model cannot be told apart by alpha: they differ by no more than draws of their ' +
    `alphas do (Cochran's test, p = ${p.toFixed(2)}); a uniform allocation is as good`
  );
}

/** L1 distance: how many experts have another place, counted where they leave and where they come. */
function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0);
}
