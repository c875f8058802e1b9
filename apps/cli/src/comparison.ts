/**
 * Two documents of one kind side by side: analyses block by block and matrix by matrix (before and
 * after fine-tuning, two checkpoints), allocations of one resource block by block and
 * projection by projection. Plain data, for `--json`.
 */
import {
  type AllocatedProjection,
  type Allocation,
  AlphaLoraError,
  type AnalysedRow,
  type Analysis,
  type MatrixRow,
  type Resource,
} from '@alphalora/contracts';
import {
  type AllocationSummary,
  amountOf,
  amountsByBlock,
  resources,
  summaryOf,
} from '@alphalora/documents';
import { hasAlpha } from '@alphalora/htsr-core';

export interface AnalysisComparison {
  kind: 'comparison';
  of: 'analysis';
  a: ComparedAnalysis;
  b: ComparedAnalysis;
  /** Options that change alphas and are not the same; undefined where one side lacks them. */
  options: Record<string, { a?: unknown; b?: unknown }>;
  blocks: Change<'index', number>[];
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

/** A number on both sides; absent where a side does not have it. */
type Change<Key extends string, Name> = Record<Key, Name> & {
  a?: number;
  b?: number;
  /** b - a */
  difference?: number;
  /** Whether the 95 % intervals overlap, where both sides have one. */
  overlap?: boolean;
};

export interface AllocationComparison {
  kind: 'comparison';
  of: 'allocation';
  unit: Resource;
  a: AllocationSummary;
  b: AllocationSummary;
  /**
   * The amount of each block: the sum of its projections for experts and ranks where a budget is per
   * projection; for other resources, which do not add up, their average.
   */
  blocks: Change<'index', number>[];
  /**
   * Where a budget is per projection: projections of the same name on both sides, the largest change
   * first.
   */
  projections?: Array<Change<'name', string> & { block: number; role?: string }>;
  /**
   * Sum of |b - a| over the layers of both sides: projections where both budgets are per projection
   * and have names in common, otherwise blocks. A layer that one side lacks counts with all it has.
   */
  distance: number;
  distanceOver: 'blocks' | 'projections';
}

/** They change the last digits of an alpha, its interval or other numbers, not the alpha. */
const harmlessOptions = new Set(['engine', 'build', 'metrics', 'bootstrap', 'seed']);

export function compareAnalyses(a: Analysis, b: Analysis): AnalysisComparison {
  const pairs = matchRows(measuredRows(a), measuredRows(b));
  const matched = new Set(pairs.flat());
  const comparable = pairs.filter((pair) => pair.every(hasAlpha));
  const matrices = comparable.map(([rowA, rowB]) => ({
    ...{ name: rowA.name, ...(rowB.name !== rowA.name && { nameInB: rowB.name }) },
    ...(rowA.block !== undefined && { block: rowA.block }),
    ...(rowA.role !== undefined && { role: rowA.role }),
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
      ...(analysis.model.architecture !== undefined && {
        architecture: analysis.model.architecture,
      }),
      unmatched: names(measuredRows(analysis).filter((row) => !matched.has(row))),
      failed: names(analysis.matrices.filter(({ status }) => status === 'failed')),
      ...(weak.length > 0 && { weak }),
    };
  };
  return {
    ...({ kind: 'comparison', of: 'analysis', a: side(a), b: side(b) } as const),
    ...{ options: differingOptions(a, b), blocks },
    ...(rankCorrelation !== undefined && { rankCorrelation }),
    matrices,
  };
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` for allocations of different resources, and where one is per
 * block and the other per projection and the first does not know its projections
 */
export function compareAllocations(a: Allocation, b: Allocation): AllocationComparison {
  const { unit } = a.budget;
  if (b.budget.unit !== unit) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `a is an allocation of ${unit} and b one of ${b.budget.unit}, which cannot be compared: ` +
        'give two of the same unit',
    );
  }
  const blocks = byIndex(blockAmounts(a, b), blockAmounts(b, a), (one, other) =>
    difference(one?.amount, other?.amount),
  );
  const changes = byName(a, b);
  const bothPer = perOf(a) === 'projection' && perOf(b) === 'projection';
  const shared = changes.filter((change) => change.difference !== undefined);
  const overProjections = bothPer && shared.length > 0;
  const sides = { a: summaryOf(a), b: summaryOf(b) };
  return {
    ...({ kind: 'comparison', of: 'allocation', unit, ...sides, blocks } as const),
    ...(shared.length > 0 && {
      projections: shared.toSorted((x, y) => Math.abs(y.difference!) - Math.abs(x.difference!)),
    }),
    distance: distanceOf(overProjections ? changes : blocks),
    distanceOver: overProjections ? 'projections' : 'blocks',
  };
}

function perOf({ budget }: Allocation): 'block' | 'projection' {
  return budget.per ?? 'block';
}

/**
 * The amounts of blocks, as they can be held against those of the other side: with one budget per
 * block and one per projection, what adds up is summed over the projections of both.
 */
function blockAmounts(allocation: Allocation, other: Allocation) {
  const { blocks, budget, projections } = allocation;
  const own = amountsByBlock(allocation);
  const mixed = resources[budget.unit].adds && perOf(allocation) !== perOf(other);
  if (mixed && !projections) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'one allocation is per block, the other per projection, and one of them does not name its ' +
        'projections: give two per block or two per projection',
    );
  }
  return blocks.map(({ index }, i) => {
    if (!mixed) return { index, amount: own[i] };
    const inside = projections!.filter(({ block }) => block === index);
    const amounts = inside.map((projection) => amountOf(projection, budget.unit) ?? 0);
    return { index, amount: amounts.reduce((sum, amount) => sum + amount, 0) };
  });
}

/** The projections of both sides; none where both budgets are per block, which say all of them. */
function byName(a: Allocation, b: Allocation) {
  if (perOf(a) === 'block' && perOf(b) === 'block') return [];
  const { unit } = a.budget;
  const others = new Map(b.projections?.map((projection) => [projection.name, projection]));
  const pairs = (a.projections ?? []).map((projection) => {
    const other = others.get(projection.name);
    others.delete(projection.name);
    return [projection, other] as const;
  });
  const change = (
    { name, block, role }: AllocatedProjection,
    amounts: ReturnType<typeof difference>,
  ) => ({ name, block, ...(role !== undefined && { role }), ...amounts });
  return [
    ...pairs.map(([one, other]) =>
      change(one, difference(amountOf(one, unit), other && amountOf(other, unit))),
    ),
    ...[...others.values()].map((other) =>
      change(other, difference(undefined, amountOf(other, unit))),
    ),
  ];
}

function distanceOf(changes: ReadonlyArray<{ a?: number; b?: number }>): number {
  return changes.reduce((sum, { a = 0, b = 0 }) => sum + Math.abs(b - a), 0);
}

/** Pairs by name; of the rest, those that alone have their place in the model on both sides. */
function matchRows(a: AnalysedRow[], b: AnalysedRow[]): Array<[AnalysedRow, AnalysedRow]> {
  const byName = new Map(b.map((row) => [row.name, row]));
  const pairs = a.flatMap((row): Array<[AnalysedRow, AnalysedRow]> => {
    const partner = byName.get(row.name);
    return partner ? [[row, partner]] : [];
  });
  const taken = new Set(pairs.flat());
  const places = byPlace(b.filter((row) => !taken.has(row)));
  for (const [key, rows] of byPlace(a.filter((row) => !taken.has(row)))) {
    const partners = places.get(key) ?? [];
    if (rows.length === 1 && partners.length === 1) pairs.push([rows[0]!, partners[0]!]);
  }
  return pairs;
}

function byPlace(rows: readonly AnalysedRow[]): Map<string, AnalysedRow[]> {
  const places = new Map<string, AnalysedRow[]>();
  for (const row of rows) places.set(place(row), [...(places.get(place(row)) ?? []), row]);
  return places;
}

/**
 * Where a matrix belongs, whatever its model's names begin with: block, role, and the numbers of
 * experts further on in the name; outside of blocks the last two parts of the name.
 */
function place({ name, block, role }: AnalysedRow): string {
  const parts = name.split(/[.[\]]+/);
  if (block === undefined || role === undefined) return parts.slice(-2).join('.');
  const inside = parts.slice(parts.indexOf(String(block)) + 1);
  return [block, role, ...inside.filter((part) => /^\d+$/.test(part))].join(' ');
}

/** Spearman's rank correlation; undefined for fewer than two values or where all are equal. */
export function spearman(a: readonly number[], b: readonly number[]): number | undefined {
  const [ranksA, ranksB] = [ranks(a), ranks(b)];
  // Ranks 0 to n - 1, ties included, have this mean.
  const centre = (a.length - 1) / 2;
  const dot = (x: number[], y: number[]): number =>
    x.reduce((sum, rank, i) => sum + (rank - centre) * (y[i]! - centre), 0);
  const scale = Math.sqrt(dot(ranksA, ranksA) * dot(ranksB, ranksB));
  return scale > 0 ? dot(ranksA, ranksB) / scale : undefined;
}

/** Equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

interface Estimate {
  alpha?: number;
  interval?: [low: number, high: number];
}

function change(a: Estimate | undefined, b: Estimate | undefined) {
  const intervals = a?.interval && b?.interval ? { a: a.interval, b: b.interval } : undefined;
  return {
    ...difference(a?.alpha, b?.alpha),
    ...(intervals && {
      overlap: intervals.a[0] <= intervals.b[1] && intervals.b[0] <= intervals.a[1],
    }),
  };
}

function difference(a: number | undefined, b: number | undefined) {
  return {
    ...(a !== undefined && { a }),
    ...(b !== undefined && { b }),
    ...(a !== undefined && b !== undefined && { difference: b - a }),
  };
}

/** Blocks of both sides in the order of their indices. */
function byIndex<Block extends { index: number }, Result>(
  a: readonly Block[],
  b: readonly Block[],
  compare: (a: Block | undefined, b: Block | undefined) => Result,
): Array<{ index: number } & Result> {
  const [blocksA, blocksB] = [a, b].map((blocks) => new Map(blocks.map((x) => [x.index, x])));
  const indices = [...new Set([...blocksA!.keys(), ...blocksB!.keys()])].sort((x, y) => x - y);
  return indices.map((index) => ({
    index,
    ...compare(blocksA!.get(index), blocksB!.get(index)),
  }));
}

function differingOptions({ options: a }: Analysis, { options: b }: Analysis) {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const differing = keys.filter(
    (key) => !harmlessOptions.has(key) && JSON.stringify(a[key]) !== JSON.stringify(b[key]),
  );
  return Object.fromEntries(differing.map((key) => [key, { a: a[key], b: b[key] }]));
}

function measuredRows({ matrices }: Analysis): AnalysedRow[] {
  return matrices.filter((row): row is AnalysedRow => row.status === 'ok');
}

function names(rows: readonly MatrixRow[]): string[] {
  return rows.map(({ name }) => name);
}
