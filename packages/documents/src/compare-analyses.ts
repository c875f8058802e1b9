/**
 * Two analyses side by side, block by block and matrix by matrix: before and after fine-tuning, two
 * checkpoints. Plain data.
 */
import {
  type AnalysedRow,
  type Analysis,
  defined,
  hasAlpha,
  type MatrixRow,
} from '@alphalora/contracts';
import { pairsByPlace, type StackPlace } from '@alphalora/contracts/weights';
import { byIndex, type Change, difference } from './changes.js';
import { spearman } from './spearman.js';

export interface AnalysisComparison {
  kind: 'comparison';
  of: 'analysis';
  a: ComparedAnalysis;
  b: ComparedAnalysis;
  /** Options that change alphas and are not the same; undefined where one side lacks them. */
  options: Record<string, { a?: unknown; b?: unknown }>;
  blocks: Array<Change<'index', number> & { stack?: StackPlace }>;
  /** Spearman's rank correlation of the blocks' alphas; absent where it is undefined. */
  rankCorrelation?: number;
  /** Matrices with an alpha that counts on both sides, the largest change of it first. */
  matrices: Array<Change<'name', string> & { block?: number; role?: string; nameInB?: string }>;
}

interface ComparedAnalysis {
  source: string;
  architecture?: string;
  /** Names of measured matrices that have no partner. */
  unmatched: string[];
  failed: string[];
  /** Measured, with a fit that says nothing: not compared. Absent where there is none. */
  weak?: string[];
}

/** They change the last digits of an alpha, its interval or other numbers, not the alpha. */
const harmlessOptions = new Set([
  ...['engine', 'build', 'metrics', 'draws', 'bootstrap', 'seed', 'minTail'],
]);

export function compareAnalyses(a: Analysis, b: Analysis): AnalysisComparison {
  const pairs = pairsByPlace(measuredRows(a), measuredRows(b));
  const matched = new Set(pairs.flat());
  const comparable = pairs.filter((pair) => pair.every(hasAlpha));
  const matrices = comparable.map(([rowA, rowB]) => ({
    name: rowA.name,
    ...(rowB.name !== rowA.name && { nameInB: rowB.name }),
    ...defined({ block: rowA.block, role: rowA.role }),
    ...change(rowA, rowB),
  }));
  matrices.sort((one, other) => Math.abs(other.difference!) - Math.abs(one.difference!));
  const blocks = byIndex(a.blocks, b.blocks, change);
  const both = blocks.filter((block) => block.difference !== undefined);
  const rankCorrelation = spearman(
    both.map((block) => block.a!),
    both.map((block) => block.b!),
  );
  const side = (analysis: Analysis): ComparedAnalysis => {
    const weak = names(measuredRows(analysis).filter((row) => !hasAlpha(row)));
    return {
      source: analysis.model.source,
      ...defined({ architecture: analysis.model.architecture }),
      unmatched: names(measuredRows(analysis).filter((row) => !matched.has(row))),
      failed: names(analysis.matrices.filter(({ status }) => status === 'failed')),
      ...(weak.length > 0 && { weak }),
    };
  };
  return {
    ...({ kind: 'comparison', of: 'analysis', a: side(a), b: side(b) } as const),
    options: Object.fromEntries(
      Object.entries(differingOptions([a, b])).map(([key, values]) => [
        key,
        { a: values[0], b: values[1] },
      ]),
    ),
    blocks,
    ...defined({ rankCorrelation }),
    matrices,
  };
}

interface Estimate {
  alpha?: number;
  interval?: [low: number, high: number];
}

function change(
  a: Estimate | undefined,
  b: Estimate | undefined,
): ReturnType<typeof difference> & { overlap?: boolean } {
  const intervals = a?.interval && b?.interval ? { a: a.interval, b: b.interval } : undefined;
  return {
    ...difference(a?.alpha, b?.alpha),
    ...(intervals && {
      overlap: intervals.a[0] <= intervals.b[1] && intervals.b[0] <= intervals.a[1],
    }),
  };
}

/** Options that change alphas, the stack whose blocks are compared, and the base that was taken away: the values of each analysis. */
export function differingOptions(analyses: readonly Analysis[]): Record<string, unknown[]> {
  const records = analyses.map(
    ({ options, model }): Record<string, unknown> => ({
      ...options,
      ...defined({ stack: model.stack, base: model.base }),
    }),
  );
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const values = keys.map((key) => [key, records.map((record) => record[key])] as const);
  const differing = values.filter(
    ([key, own]) =>
      !harmlessOptions.has(key) && new Set(own.map((value) => JSON.stringify(value))).size > 1,
  );
  return Object.fromEntries(differing);
}

export function measuredRows({ matrices }: Analysis): AnalysedRow[] {
  return matrices.filter((row): row is AnalysedRow => row.status === 'ok');
}

function names(rows: readonly MatrixRow[]): string[] {
  return rows.map(({ name }) => name);
}
