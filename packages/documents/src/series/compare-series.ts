/** Analyses of one model over training: alpha of every block, and correlation traps, by checkpoint. */
import { AlphaLoraError, type AnalysedRow, type Analysis, defined } from '@alphalora/contracts';
import { pairsByPlace, type StackPlace } from '@alphalora/contracts/weights';
import { differingOptions, measuredRows } from '../compare-analyses.js';
import { blockLabel } from '../stacks.js';
import type { Checkpoint } from './checkpoints.js';
import { type TrapVerdict, trapMetric, trapVerdict } from './traps.js';

export interface AnalysisSeries {
  kind: 'comparison';
  of: 'series';
  /** In their order; every list below has an entry for each. */
  checkpoints: Array<{
    name: string;
    source: string;
    /** Measured matrices of the first checkpoint that this one does not have, or the other way around. */
    unmatched: string[];
    failed: string[];
  }>;
  /** Options that change alphas and are not the same; null where a checkpoint does not say. */
  options: Record<string, unknown[]>;
  /** Of the blocks that have an alpha at every checkpoint. */
  mean?: { blocks: number; alpha: number[] };
  blocks: BlockSeries[];
  /** Absent where no analysis has the metric. */
  traps?: TrapSeries;
}

interface BlockSeries {
  index: number;
  stack?: StackPlace;
  /** Null where the block has none. */
  alpha: Array<number | null>;
  /** Of the last checkpoint to the first, where both have an alpha. */
  change?: number;
  /** Whether the 95 % intervals of these two overlap, where both have one. */
  overlap?: boolean;
}

export interface TrapSeries {
  /** What counts as a trap. */
  metric: string;
  /** Checkpoints whose analyses do not have the metric. */
  unmeasured: string[];
  /** Over the matrices below together. */
  model: TrapVerdict & { counts: Array<number | null> };
  /** Those that are known at every checkpoint that has the metric, in the order of the model. */
  matrices: Array<
    TrapVerdict & { name: string; block?: number; role?: string; counts: Array<number | null> }
  >;
  /** Measured matrices of the first checkpoint with the metric that another one does not know. */
  incomplete: string[];
}

/**
 * @param checkpoints two or more, in the order of training
 * @throws AlphaLoraError `INVALID_OPTION` for fewer than two or the same name twice, `INVALID_DOCUMENT`
 *   for a part of an analysis and for analyses that are not of one model: another architecture, other
 *   blocks or stacks, other shapes, no matrix in common
 */
export function compareSeries(checkpoints: readonly Checkpoint[]): AnalysisSeries {
  const [first, ...others] = requireNamed(checkpoints);
  for (const other of checkpoints) requireWhole(other);
  for (const other of others) requireSameModel(first, other);
  const firstRows = measuredRows(first.analysis);
  // By row of the first, which has any name: its partners, itself the first of them.
  const partners = new Map(firstRows.map((row) => [row, new Map([[first.name, row]])]));
  const matched = new Map<string, Set<AnalysedRow>>([[first.name, new Set(firstRows)]]);
  for (const other of others) {
    const pairs = pairsByPlace(firstRows, measuredRows(other.analysis));
    if (pairs.length === 0 && firstRows.length > 0) {
      refuse(`${other.name} has no measured matrix in common with ${first.name}`);
    }
    for (const [row, partner] of pairs) {
      requireSameShape(row, partner, first, other);
      partners.get(row)!.set(other.name, partner);
    }
    matched.set(other.name, new Set(pairs.flat()));
  }
  const names = checkpoints.map(({ name }) => name);
  const blocks = blocksOf(checkpoints);
  const traps = trapsOf(checkpoints, [...partners.values()]);
  return {
    ...({ kind: 'comparison', of: 'series' } as const),
    checkpoints: checkpoints.map(({ name, analysis }) => ({
      name,
      source: analysis.model.source,
      unmatched: [
        ...firstRows.filter((row) => !partners.get(row)!.has(name)),
        ...measuredRows(analysis).filter((row) => !matched.get(name)!.has(row)),
      ].map((row) => row.name),
      failed: analysis.matrices.flatMap((row) => (row.status === 'failed' ? [row.name] : [])),
    })),
    options: differingOptions(checkpoints.map(({ analysis }) => analysis)),
    ...defined({ mean: meanOf(blocks, names.length) }),
    blocks,
    ...defined({ traps }),
  };
}

function blocksOf(checkpoints: readonly Checkpoint[]): BlockSeries[] {
  const [first, last] = [checkpoints[0]!.analysis, checkpoints.at(-1)!.analysis];
  return first.blocks.map(({ index, stack, alpha, interval }, i) => {
    const end = last.blocks[i]!;
    const known = alpha !== undefined && end.alpha !== undefined;
    const ends = interval && end.interval ? [interval, end.interval] : undefined;
    return {
      index,
      ...defined({ stack }),
      alpha: checkpoints.map(({ analysis }) => analysis.blocks[i]!.alpha ?? null),
      ...(known && { change: end.alpha! - alpha }),
      ...(ends && { overlap: ends[0]![0] <= ends[1]![1] && ends[1]![0] <= ends[0]![1] }),
    };
  });
}

function meanOf(
  blocks: readonly BlockSeries[],
  count: number,
): { blocks: number; alpha: number[] } | undefined {
  const whole = blocks.map(({ alpha }) => alpha.filter((one) => one !== null));
  const complete = whole.filter((alpha) => alpha.length === count);
  if (complete.length === 0) return undefined;
  const alpha = Array.from(
    { length: count },
    (_, i) => complete.reduce((sum, own) => sum + own[i]!, 0) / complete.length,
  );
  return { blocks: complete.length, alpha };
}

function trapsOf(
  checkpoints: readonly Checkpoint[],
  partners: ReadonlyArray<ReadonlyMap<string, AnalysedRow>>,
): TrapSeries | undefined {
  const names = checkpoints.map(({ name }) => name);
  const countOf = (row: AnalysedRow | undefined): number | null => row?.metrics[trapMetric] ?? null;
  const measured = new Set(
    names.filter((name) => partners.some((rows) => countOf(rows.get(name)) !== null)),
  );
  if (measured.size === 0) return undefined;
  const all = partners.flatMap((rows) => {
    const counts = names.map((name) => countOf(rows.get(name)));
    const verdict = trapVerdict(names, counts);
    const { name, block, role } = rows.get(names[0]!)!;
    return verdict ? [{ name, ...defined({ block, role }), ...verdict, counts }] : [];
  });
  const isComplete = ({ counts }: (typeof all)[number]): boolean =>
    names.every((name, i) => !measured.has(name) || counts[i] !== null);
  const matrices = all.filter(isComplete);
  const totals = names.map((name, i) =>
    measured.has(name) ? matrices.reduce((sum, { counts }) => sum + counts[i]!, 0) : null,
  );
  return {
    metric: trapMetric,
    unmeasured: names.filter((name) => !measured.has(name)),
    model: { ...trapVerdict(names, totals)!, counts: totals },
    matrices,
    incomplete: all.filter((one) => !isComplete(one)).map(({ name }) => name),
  };
}

/** Matrices that have traps at any checkpoint, those with most at the last first. */
export function trapped({ matrices }: TrapSeries): TrapSeries['matrices'] {
  return matrices.filter(({ most }) => most > 0).sort((a, b) => b.last - a.last || b.most - a.most);
}

function requireNamed(checkpoints: readonly Checkpoint[]): [Checkpoint, ...Checkpoint[]] {
  const [first, ...others] = checkpoints;
  if (first === undefined || others.length === 0) {
    throw new AlphaLoraError('INVALID_OPTION', 'a series takes two or more analyses of a model');
  }
  const names = checkpoints.map(({ name }) => name);
  const again = names.find((name, i) => names.indexOf(name) !== i);
  if (again === undefined) return [first, ...others];
  throw new AlphaLoraError('INVALID_OPTION', `${again} is given twice`);
}

function requireWhole({ name, analysis: { shard } }: Checkpoint): void {
  if (shard)
    refuse(`${name} is one part of an analysis: join all parts with alphalora merge first`);
}

/** What the analyses of one model have in common, whatever it was trained to. */
function requireSameModel(first: Checkpoint, other: Checkpoint): void {
  const facts: Array<[what: string, of: (analysis: Analysis) => unknown]> = [
    ['architecture', ({ model }) => model.architecture],
    ['number of blocks', ({ blocks }) => blocks.length],
    ['main stack', ({ model }) => model.stack],
    ['stacks', ({ stacks = [] }) => stacks.map(({ name }) => name).join(', ')],
    ['blocks', ({ blocks }) => blocks.map(blockLabel).join(', ')],
  ];
  for (const [what, of] of facts) {
    const [a, b] = [of(first.analysis), of(other.analysis)];
    if (a === b) continue;
    const [one, two] = [a, b].map((value) =>
      value === undefined || value === '' ? 'none' : value,
    );
    refuse(`the ${what} of ${first.name} is ${one}, that of ${other.name} ${two}`);
  }
}

function requireSameShape(a: AnalysedRow, b: AnalysedRow, one: Checkpoint, two: Checkpoint): void {
  const [shapeA, shapeB] = [a, b].map(({ shape }) => shape.join(' x '));
  if (shapeA === shapeB) return;
  refuse(`${a.name} is ${shapeA} in ${one.name} and ${shapeB} in ${two.name}`);
}

function refuse(what: string): never {
  throw new AlphaLoraError('INVALID_DOCUMENT', `${what}: give analyses of one model over training`);
}
