/** What several sections look up in the documents: measured rows, blocks with their experts, marks. */
import {
  type AllocatedBlock,
  type Allocation,
  AlphaLoraError,
  type AnalysedRow,
  type Analysis,
  type BlockRow,
  type ToolIdentity,
  type UnanalysedRow,
} from '@alphalora/contracts';

/** WeightWatcher's bounds: below the first over-trained, above the second under-trained. */
export const WELL_TRAINED: readonly [low: number, high: number] = [2, 6];
/** Above this a tail is hardly a power law. */
export const SPURIOUS = 8;

export interface Documents {
  analysis: Analysis;
  allocation?: Allocation | undefined;
  /** Who makes the page. */
  tool?: ToolIdentity | undefined;
}

/** Allocations of other resources have no page of their own yet. */
type ExpertsBlock = AllocatedBlock & Required<Pick<AllocatedBlock, 'share' | 'experts' | 'topK'>>;
type ExpertsAllocation = Omit<Allocation, 'blocks'> & { blocks: ExpertsBlock[] };

export interface Facts extends Omit<Documents, 'allocation'> {
  allocation?: ExpertsAllocation | undefined;

  measured: AnalysedRow[];
  /** Measured matrices that count towards a block's alpha. */
  projections: InBlock[];
  skipped: UnanalysedRow[];
  failed: UnanalysedRow[];
  /** All blocks in order, joined with their experts. */
  blocks: BlockFacts[];
  /** Those that have an alpha. */
  scored: ScoredBlock[];
}

export type InBlock = AnalysedRow & { block: number; role: string };
export type BlockFacts = BlockRow & { allocated?: ExpertsBlock | undefined };
export type ScoredBlock = BlockFacts & { alpha: number };

/**
 * @throws AlphaLoraError `INVALID_DOCUMENT` for other documents, for a part of an analysis, and for
 * an allocation of blocks that the analysis does not have, or of anything but experts
 */
export function factsOf(documents: Documents): Facts {
  refuseOthers(documents);
  const { analysis } = documents;
  const allocation = documents.allocation as ExpertsAllocation | undefined;
  const allocated = new Map(allocation?.blocks.map((block) => [block.index, block]));
  const blocks: BlockFacts[] = analysis.blocks
    .toSorted((a, b) => a.index - b.index)
    .map((block) => ({ ...block, allocated: allocated.get(block.index) }));
  const measured = analysis.matrices.filter((row) => row.status === 'ok').map(warned);
  return {
    ...{ ...documents, allocation },
    measured,
    projections: measured.filter(isProjection),
    skipped: analysis.matrices.filter((row): row is UnanalysedRow => row.status === 'skipped'),
    failed: analysis.matrices.filter((row): row is UnanalysedRow => row.status === 'failed'),
    blocks,
    scored: blocks.filter((block): block is ScoredBlock => block.alpha !== undefined),
  };
}

/** Older documents do not say what their numbers warn of. */
function warned(row: AnalysedRow): AnalysedRow {
  const warning = row.warning ?? warningOf(row.alpha);
  return warning ? { ...row, warning } : row;
}

function isProjection(row: AnalysedRow): row is InBlock {
  const { block, role, kind = 'projection' } = row;
  return block !== undefined && role !== undefined && kind === 'projection';
}

function refuseOthers({ analysis, allocation }: Documents): void {
  if (analysis.kind !== 'analysis' || analysis.schemaVersion !== 1)
    refuse('the first document is not an analysis of schema version 1');
  if (analysis.shard) {
    const { index, count } = analysis.shard;
    refuse(
      `this is part ${index} of ${count} of an analysis: join all parts with alphalora merge first`,
    );
  }
  if (!allocation) return;
  if (allocation.kind !== 'allocation' || allocation.schemaVersion !== 1)
    refuse('the second document is not an allocation of schema version 1');
  if (allocation.budget.unit !== 'experts')
    refuse(`the page shows allocations of experts, and this is one of ${allocation.budget.unit}`);
  const known = new Set(analysis.blocks.map(({ index }) => index));
  const unknown = allocation.blocks.find(({ index }) => !known.has(index));
  if (unknown) {
    refuse(
      `the allocation has a block ${unknown.index}, the analysis has not: ` +
        'give the allocation that was made from this analysis',
    );
  }
}

function refuse(message: string): never {
  throw new AlphaLoraError('INVALID_DOCUMENT', message);
}

/** Experts of all blocks, however the budget was counted. */
export function expertsIn({ experts }: Pick<Allocation, 'experts'>): number {
  return experts.reduce((sum, count) => sum + count, 0);
}

/** What an alpha outside of the usual range is called. */
export function warningOf(alpha: number): AnalysedRow['warning'] {
  if (alpha > SPURIOUS) return 'spurious';
  if (alpha > WELL_TRAINED[1]) return 'under-trained';
  return alpha < WELL_TRAINED[0] ? 'over-trained' : undefined;
}

/** Block and projection, which say more than the name of a tensor. */
export function shortName(row: { name: string; block?: number; role?: string }): string {
  if (row.block === undefined) return row.role ?? row.name;
  return `block ${row.block} ${row.role ?? row.name}`;
}
