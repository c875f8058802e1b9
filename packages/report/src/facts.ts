/** What several sections look up in the documents: measured rows, blocks with what they get, marks. */
import {
  type AllocatedBlock,
  type Allocation,
  AlphaLoraError,
  type AnalysedRow,
  type Analysis,
  type BlockRow,
  defined,
  hasFixedCut,
  type MatrixRow,
  type ToolIdentity,
  type TrainingStep,
  type UnanalysedRow,
  warningOf,
} from '@alphalora/contracts';
import {
  amountsByBlock,
  analysisFor,
  blockLabel,
  parseAllocation,
  parseAnalysis,
  parseTrainingStep,
} from '@alphalora/documents';
import {
  type AnalysisSeries,
  type Checkpoint,
  compareSeries,
  type NamedScore,
  requireSameModel,
} from '@alphalora/documents/comparison';
import { type AllocationFacts, allocationFacts } from './allocation.js';

export interface Documents {
  analysis: Analysis;
  allocation?: Allocation | undefined;
  /** Steps of a training run, from its `metrics.jsonl`. */
  training?: readonly TrainingStep[] | undefined;
  /** What the layers can be judged by, alpha of the analysis included. */
  scores?: readonly NamedScore[] | undefined;
  /** Analyses of the model over training, in their order; the last of them is `analysis`. */
  checkpoints?: readonly Checkpoint[] | undefined;
  /** Who makes the page. */
  tool?: ToolIdentity | undefined;
}

export interface Facts extends Omit<Documents, 'allocation' | 'checkpoints'> {
  series?: AnalysisSeries | undefined;
  allocation?: AllocationFacts | undefined;
  /** Whether alphas are of a given cut, to which the usual bounds do not apply. */
  fixedCut: boolean;
  measured: AnalysedRow[];
  /** Those whose fit says something: the others have an alpha that is not to be read. */
  sound: AnalysedRow[];
  /** Measured matrices of blocks; their alphas count towards the block's where they are sound. */
  projections: InBlock[];
  skipped: UnanalysedRow[];
  failed: UnanalysedRow[];
  /** All blocks in order, joined with what they get. */
  blocks: BlockFacts[];
  /** Those that have an alpha. */
  scored: ScoredBlock[];
}

export type InBlock = AnalysedRow & { block: number; role: string };
export interface BlockFacts extends BlockRow {
  /** Its number, and whether it is the encoder's or the decoder's. */
  label: string;
  allocated?: AllocatedBlock | undefined;
  /** Whether it has fits that say nothing. */
  unsound?: boolean;
  /** Of its projections together or on average, where they were decided one by one. */
  amount?: number | undefined;
}
export type ScoredBlock = BlockFacts & { alpha: number };

/** Whether draws took the eigenvalues of a matrix for an independent sample. */
export function isBootstrap({ options }: Analysis): boolean {
  return typeof options['bootstrap'] === 'number';
}

/**
 * @throws AlphaLoraError `INVALID_DOCUMENT` for other documents, for a part of an analysis, and for
 * an allocation of blocks that the analysis does not have
 */
export function factsOf(documents: Documents): Facts {
  refuseOthers(documents);
  const { allocation: given } = documents;
  const analysis = given ? analysisFor(documents.analysis, given) : documents.analysis;
  const allocation = documents.allocation && allocationFacts(documents.allocation);
  const amounts = documents.allocation ? amountsByBlock(documents.allocation) : [];
  const allocated = new Map(
    allocation?.blocks.map((block, i) => [block.index, { allocated: block, amount: amounts[i] }]),
  );
  const fixedCut = hasFixedCut(analysis);
  const measured = analysis.matrices
    .filter((row) => row.status === 'ok')
    .map((row) => warned(row, fixedCut));
  const projections = measured.filter(isProjection);
  const unsound = new Set(
    projections.filter(({ weak }) => weak !== undefined).map(({ block }) => block),
  );
  const blocks: BlockFacts[] = analysis.blocks
    .toSorted((a, b) => a.index - b.index)
    .map((block) => ({
      ...block,
      label: blockLabel(block),
      ...allocated.get(block.index),
      ...(unsound.has(block.index) && { unsound: true }),
    }));
  const series =
    documents.checkpoints &&
    compareSeries(
      documents.checkpoints.map(({ name, analysis: own }) => ({
        name,
        analysis: given ? analysisFor(own, given) : own,
      })),
    );
  return {
    ...documents,
    analysis,
    allocation,
    series,
    fixedCut,
    measured,
    sound: measured.filter(({ weak }) => weak === undefined),
    projections,
    skipped: analysis.matrices.filter((row): row is UnanalysedRow => row.status === 'skipped'),
    failed: analysis.matrices.filter((row): row is UnanalysedRow => row.status === 'failed'),
    blocks,
    scored: blocks.filter((block): block is ScoredBlock => block.alpha !== undefined),
  };
}

/** Older documents do not say what their numbers warn of, or do so at a given cut. */
function warned({ warning: given, ...row }: AnalysedRow, fixedCut: boolean): AnalysedRow {
  if (fixedCut) return row;
  const warning = row.weak === undefined ? (given ?? warningOf(row.alpha)) : undefined;
  return warning ? { ...row, warning } : row;
}

function isProjection(row: AnalysedRow): row is InBlock {
  const { block, role, kind = 'projection' } = row;
  return block !== undefined && role !== undefined && kind === 'projection';
}

function refuseOthers(documents: Documents): void {
  const { analysis, allocation, training = [], checkpoints, tool } = documents;
  parseAnalysis(analysis, 'the first document');
  if (analysis.shard) {
    const { index, count } = analysis.shard;
    refuse(
      `this is part ${index} of ${count} of an analysis: join all parts with alphalora merge first`,
    );
  }
  for (const [i, step] of training.entries()) parseTrainingStep(step, `step ${i + 1}`);
  for (const checkpoint of checkpoints ?? []) parseAnalysis(checkpoint.analysis, checkpoint.name);
  const last = checkpoints?.at(-1);
  if (last && JSON.stringify(last.analysis.blocks) !== JSON.stringify(analysis.blocks)) {
    refuse(`the page is about another analysis than that of the last checkpoint, ${last.name}`);
  }
  if (tool && ![tool.name, tool.version].every((text) => typeof text === 'string'))
    refuse('the tool has no name or no version');
  if (!allocation) return;
  parseAllocation(allocation, 'the second document');
  const ofStack = analysisFor(analysis, allocation);
  const { blocks } = ofStack;
  const unknown = allocation.blocks.find(({ index }) => index >= blocks.length);
  if (unknown) {
    refuse(
      `the allocation has a block ${unknown.index}, the analysis has not: ` +
        'give the allocation that was made from this analysis',
    );
  }
  requireSameModel(ofStack, allocation);
}

function refuse(message: string): never {
  throw new AlphaLoraError('INVALID_DOCUMENT', message);
}

/** The block of a row in words: of another stack than the main one, with its name. */
export function blockOf({ block, stack }: Pick<MatrixRow, 'block' | 'stack'>): string | undefined {
  if (block !== undefined) return blockLabel({ index: block, ...defined({ stack }) });
  return stack && `${stack.name} ${stack.block}`;
}

/** Block and projection, which say more than the name of a tensor. */
export function shortName(row: Pick<MatrixRow, 'name' | 'block' | 'stack' | 'role'>): string {
  if (row.block === undefined) return row.role ?? row.name;
  return `block ${blockOf(row)} ${row.role ?? row.name}`;
}
