/**
 * From the alphas of a block's projections to the block's alpha: the layer score of AlphaLoRA
 * (arXiv 2410.10054, section 3.2) is their unweighted mean. The median and the trimmed mean do not
 * follow a single wild fit; the geometric mean, 1 + exp(mean of ln(alpha - 1)), follows it less, and so
 * does any of them under a cap: larger alphas count as the cap. Which is the default: `defaults.ts`.
 */
import {
  AlphaLoraError,
  type AnalysedRow,
  type Analysis,
  type BlockRow,
  defined,
  hasAlpha,
  type MatrixRow,
  type Scoring,
} from '@alphalora/contracts';
import { scoredAlpha } from '@alphalora/contracts/numbers';
import type { StackPlace } from '@alphalora/contracts/weights';
import { defaultAggregate } from './defaults.js';
import { homogeneity } from './homogeneity.js';
import { geometricMean, mean, middle95, quantile, standardDeviation } from './statistics.js';

/** Share of the projections that the trimmed mean leaves out at either end. */
const TRIMMED_SHARE = 0.2;

const ascending = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

const aggregates: Record<Scoring['aggregate'], (values: readonly number[]) => number> = {
  mean,
  median: (values) => quantile(ascending(values), 0.5),
  trimmed: (values) => {
    const least = values.length < 3 ? 0 : 1;
    const cut = Math.max(least, Math.floor(TRIMMED_SHARE * values.length));
    return mean(ascending(values).slice(cut, values.length - cut));
  },
  geometric: geometricMean,
};

/** The rule from alphas to a score. */
function scoreBy({ aggregate, cap }: Scoring): (alphas: readonly number[]) => number {
  return (alphas) => aggregates[aggregate](alphas.map((alpha) => scoredAlpha(alpha, cap)));
}

/**
 * The rule from alphas to scores, with its defaults: the geometric mean for alphas of `hill`, the mean
 * for those of any other estimator; no cap.
 *
 * @param estimator name of the one that the alphas are of
 * @throws AlphaLoraError `INVALID_OPTION` for a cap that is not above 1
 */
export function scoringOf(given: Partial<Scoring>, estimator: string): Scoring {
  const { aggregate = defaultAggregate(estimator), cap } = given;
  if (cap === undefined) return { aggregate };
  if (cap > 1 && Number.isFinite(cap)) return { aggregate, cap };
  throw new AlphaLoraError('INVALID_OPTION', `the cap of alpha must be above 1, not ${cap}`);
}

/**
 * One row per block index from 0 to `blocks - 1` of the main stack, aggregated over its analysed
 * projections. Fits that say nothing (`weak`) do not count.
 */
export function aggregateBlocks(
  rows: readonly MatrixRow[],
  blocks: number,
  scoring: Scoring,
): BlockRow[] {
  const places = new Map<number, StackPlace>();
  for (const { block, stack } of rows) if (block !== undefined && stack) places.set(block, stack);
  return projectionsByBlock(rows, blocks).map((projections, index) => {
    const { index: _, ...row } = blockRow(index, projections, scoring);
    return { index, ...defined({ stack: places.get(index) }), ...row };
  });
}

/** What the rows say of the blocks of all stacks; `stacks` of the document give order and reasons. */
export function aggregateStacks(
  { matrices, model, stacks: known = [] }: Pick<Analysis, 'matrices' | 'model' | 'stacks'>,
  scoring: Scoring,
): Pick<Analysis, 'blocks' | 'stacks'> {
  const rows = new Map<string, Map<number, AnalysedRow[]>>(
    known.map(({ name }) => [name, new Map()]),
  );
  for (const row of matrices) {
    if (row.block !== undefined || !row.stack) continue;
    const { name, block } = row.stack;
    const blocks = rows.get(name) ?? new Map<number, AnalysedRow[]>();
    const projections = blocks.get(block) ?? [];
    if (isScored(row)) projections.push(row);
    rows.set(name, blocks.set(block, projections));
  }
  const reasons = new Map(known.map(({ name, reason }) => [name, reason]));
  const stacks = [...rows].map(([name, blocks]) => ({
    name,
    ...defined({ reason: reasons.get(name) }),
    blocks: [...blocks]
      .sort(([a], [b]) => a - b)
      .map(([index, projections]) => blockRow(index, projections, scoring)),
  }));
  return {
    blocks: aggregateBlocks(matrices, model.blocks, scoring),
    ...(stacks.length > 0 && { stacks }),
  };
}

function blockRow(index: number, block: readonly AnalysedRow[], scoring: Scoring): BlockRow {
  const score = scoreBy(scoring);
  const { cap = Number.POSITIVE_INFINITY } = scoring;
  const alphas = block.map(({ alpha }) => alpha);
  if (alphas.length === 0) return { index, matrices: 0 };
  const interval = middle95(blockDraws(block, score));
  const capped = alphas.filter((alpha) => alpha > cap).length;
  return {
    index,
    alpha: score(alphas),
    matrices: alphas.length,
    ...(capped > 0 && { capped }),
    range: [Math.min(...alphas), Math.max(...alphas)],
    ...(alphas.length > 1 && { spread: standardDeviation(alphas) }),
    ...(interval && { interval }),
  };
}

/**
 * The same measurements under another rule from projections to blocks.
 *
 * @param scoring its own where none is given
 * @throws AlphaLoraError `INVALID_DOCUMENT` for one part of an analysis, whose blocks are not complete
 */
export function reaggregated(analysis: Analysis, scoring: Partial<Scoring> = {}): Analysis {
  if (analysis.shard) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      'this is one part of an analysis: join all parts with alphalora merge first',
    );
  }
  const { aggregate, cap, estimator } = analysis.options;
  const rule = scoringOf({ ...defined({ aggregate, cap }), ...scoring }, estimator);
  if (rule.aggregate === aggregate && rule.cap === cap) return analysis;
  return {
    ...analysis,
    options: { ...analysis.options, ...rule },
    ...aggregateStacks(analysis, rule),
  };
}

/** Other scores that the blocks might have had. */
export interface AlternativeScores {
  /** The scores of all blocks for every draw, by draw and then by block. */
  draws: number[][];
  /** The score of a block when one of its projections is left out. */
  without: Array<{ block: number; name: string; role?: string; alpha: number; score: number }>;
  /**
   * p-value of all blocks having the same score, by Cochran's test over the draws; absent where there
   * are fewer than two blocks or 40 draws.
   */
  homogeneity?: number;
}

/**
 * The scores of the blocks for every draw of their projections, and without each of the
 * projections. Blocks without alpha have the score NaN.
 */
export function alternativeScores(
  rows: readonly MatrixRow[],
  blocks: number,
  scoring: Scoring,
): AlternativeScores {
  const projections = projectionsByBlock(rows, blocks);
  const score = scoreBy(scoring);
  const byBlock = projections.map((block) => blockDraws(block, score));
  const scored = byBlock.filter((_, index) => projections[index]!.length > 0);
  const count = Math.min(...scored.map((draws) => draws.length));
  const draws = Array.from({ length: Number.isFinite(count) ? count : 0 }, (_, draw) =>
    byBlock.map((drawn) => drawn[draw] ?? Number.NaN),
  );
  const scores = projections.map((block) =>
    block.length === 0 ? Number.NaN : score(block.map(({ alpha }) => alpha)),
  );
  return {
    draws,
    ...defined({ homogeneity: homogeneity(scores, draws) }),
    without: projections.flatMap((block, index) =>
      block.length < 2
        ? []
        : block.map(({ name, role, alpha }) => {
            const others = block.filter((row) => row.name !== name).map((row) => row.alpha);
            return { block: index, name, ...defined({ role }), alpha, score: score(others) };
          }),
    ),
  };
}

/**
 * The block's alpha for every draw that all of its projections have. The matrices were drawn from
 * independently, so any draw of one goes with any of another.
 */
function blockDraws(
  projections: readonly AnalysedRow[],
  score: (alphas: readonly number[]) => number,
): number[] {
  if (projections.length === 0) return [];
  const draws = projections.map((row) => row.draws ?? []);
  const count = Math.min(...draws.map(({ length }) => length));
  return Array.from({ length: count }, (_, draw) => score(draws.map((alphas) => alphas[draw]!)));
}

function projectionsByBlock(rows: readonly MatrixRow[], blocks: number): AnalysedRow[][] {
  const grouped = Array.from({ length: blocks }, (): AnalysedRow[] => []);
  for (const row of rows) {
    if (isScored(row) && row.block !== undefined) grouped[row.block]?.push(row);
  }
  return grouped;
}

function isScored(row: MatrixRow): row is AnalysedRow {
  return hasAlpha(row) && (row.kind ?? 'projection') === 'projection';
}
