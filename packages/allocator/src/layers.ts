/** What the allocation needs of each block or projection: its score, its shapes, its linear maps. */
import { AlphaLoraError, type Analysis, defined, type MatrixRow } from '@alphalora/contracts';
import type { PolicyLayer } from '@alphalora/contracts/extensions';
import { scoredAlpha } from '@alphalora/contracts/numbers';
import type { StackPlace } from '@alphalora/contracts/weights';
import { linearMaps, type StoredMap } from '@alphalora/documents/comparison';
import { filled } from './missing.js';
import type { LinearMap, NamedLinearMap } from './parameters.js';

/** A block or a projection; what a unit of the resource costs there, its price and its own maximum the host adds. */
export interface Layer extends Omit<PolicyLayer, 'cost' | 'price' | 'max'> {
  /** What was measured as its score: `alpha`, or the name of a metric; absent for scores from elsewhere. */
  readonly scoredBy?: string;
  /** The linear maps that get adapters; absent where the shapes are not known. */
  readonly modules?: readonly NamedLinearMap[];
  /** Why the score is not its own but the mean of others': nothing behind it has a fit that says anything, or the metric. */
  readonly weak?: string;
  /** Of a projection, where its block has an alpha of its own: the score that the block has as a layer. */
  readonly blockScore?: number;
  /** Of a block of an encoder or its decoder: which of the two, and its number there. */
  readonly stack?: StackPlace;
}

export interface LayersOptions {
  /** @default 'block' */
  per?: 'block' | 'projection';
  /** Name of the metric that the scores are: that of the policy, if it has one. @default 'alpha' */
  scoredBy?: string | undefined;
}

/** A block that has nothing to give anything to. */
export interface EmptyBlock {
  readonly block: number;
  readonly why: string;
}

/**
 * Blocks without any projection, such as those of which a search over architectures left only the norms, and
 * blocks of which every projection was left out by patterns.
 */
export function emptyBlocks({ blocks, matrices }: Analysis): EmptyBlock[] {
  const reasons = new Map<number, Array<string | undefined>>();
  for (const row of matrices.filter(isProjection)) {
    if (row.block === undefined) continue;
    const reason = row.status === 'skipped' ? row.reason : undefined;
    reasons.set(row.block, [...(reasons.get(row.block) ?? []), reason]);
  }
  return blocks.flatMap(({ index: block, alpha }) => {
    if (alpha !== undefined) return [];
    const own = reasons.get(block);
    if (own === undefined) return [{ block, why: 'it has no projections' }];
    const unwanted = own.filter((reason) => reason !== undefined && leftOut.test(reason));
    if (unwanted.length < own.length) return [];
    return [{ block, why: `its projections are ${[...new Set(unwanted)].join(', ')}` }];
  });
}

/** The reasons of `--exclude` and `--include`: nobody wants these measured, so that nothing is lost. */
const leftOut = /^(excluded by|not matched by) --/;

function isProjection({ kind = 'projection' }: MatrixRow): boolean {
  return kind === 'projection';
}

/**
 * The layers of an analysis. Fits that say nothing (`weak` rows) count in no score, nor do `failed` rows,
 * which have none.
 *
 * Per block: one for each, scored with the block's alpha. Its modules are its analysed projections,
 * also those whose measurement failed. A block without a fit that says anything is scored with the
 * mean of the other blocks; one without any projection is left out, see {@link emptyBlocks}.
 *
 * Per projection: one for each, in the checkpoint's order, scored with its own alpha, up to the
 * analysis's cap. The parts of a
 * fused projection are the one map that they are stored as, scored with the mean of their alphas;
 * their common role is kept. A projection without a fit that says anything is scored with the mean of
 * its block's other projections, or where there is none with that of all.
 *
 * With `scoredBy`, the name of a metric such as `snr`, that is the score in place of alpha: of a
 * projection its own, of the parts of a fused one and of a block the mean. A projection for which the
 * metric is not finite, or that failed, is scored with the mean of the others of its role, or of all.
 *
 * The variance is the mean square of the weights, from the metric `norm`, where all matrices have it:
 * trained weights have a mean of about zero. Windows of matrices (FARMS) do not tell it.
 *
 * @throws AlphaLoraError `NO_SPECTRUM` when there is no block, one of which nothing was measured, or no
 *   alpha at all; `INVALID_OPTION` when the metric was not measured, or of windows only
 */
export function layersOf(
  analysis: Analysis,
  { per = 'block', scoredBy = 'alpha' }: LayersOptions = {},
): Layer[] {
  if (analysis.blocks.length === 0) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      `the analysis has no blocks: ${
        analysis.model.noBlocks ?? 'no tensor name was recognised as part of a decoder block'
      }`,
    );
  }
  const windows = analysis.options['farms'] !== undefined;
  const maps = linearMaps(analysis.matrices.filter(({ status }) => status !== 'skipped'));
  const scale = scoredBy === 'alpha' ? alphaScale(analysis) : metricScale(analysis, maps, scoredBy);
  if (per === 'projection') {
    if (maps.length === 0) throw nothingMeasured(analysis);
    const own = maps.map(scale.ofMap);
    const scores = scored(analysis, own, scale, maps.map(scale.kin));
    return maps.map((map, index) => ({
      index,
      block: map.block,
      ...defined({ stack: analysis.blocks[map.block]?.stack }),
      score: scores[index]!,
      scoredBy,
      name: map.module.name,
      ...defined({ role: map.module.role }),
      ...(scoredBy === 'alpha' && defined({ blockScore: analysis.blocks[map.block]?.alpha })),
      ...(Number.isNaN(own[index]) && { weak: scale.why([map]) }),
      ...factsOf([map], windows),
    }));
  }
  const byBlock = new Map<number, StoredMap[]>();
  for (const map of maps) {
    const earlier = byBlock.get(map.block);
    if (earlier) earlier.push(map);
    else byBlock.set(map.block, [map]);
  }
  const inside = (block: number): readonly StoredMap[] => byBlock.get(block) ?? [];
  const empty = new Set(emptyBlocks(analysis).map(({ block }) => block));
  const blocks = analysis.blocks.filter(({ index }) => !empty.has(index));
  if (blocks.length === 0) throw nothingMeasured(analysis);
  const own = blocks.map((block) => scale.ofBlock(block, inside(block.index)));
  const scores = scored(analysis, own, scale);
  return blocks.map(({ index: block, stack }, index) => ({
    index,
    block,
    ...defined({ stack }),
    score: scores[index]!,
    scoredBy,
    ...(Number.isNaN(own[index]) && { weak: scale.why(inside(block)) }),
    ...factsOf(inside(block), windows),
  }));
}

/** Where scores come from; NaN is none. */
interface Scale {
  ofMap(map: StoredMap): number;
  ofBlock(block: Analysis['blocks'][number], maps: readonly StoredMap[]): number;
  /** Whose mean a map takes that has no score of its own. */
  kin(map: StoredMap): unknown;
  /** Why these maps have none. */
  why(maps: readonly StoredMap[]): string;
  /** What no matrix has where there is no score at all. */
  readonly what: string;
}

function alphaScale(analysis: Analysis): Scale {
  return {
    what: 'a fit that says anything',
    ofMap: (map) => alphaOf(map, analysis.options.cap),
    kin: ({ block }) => block,
    why: (maps) => weakReasons(maps).join('; '),
    ofBlock({ index: block, alpha }, maps) {
      if (alpha !== undefined) return alpha;
      if (weakReasons(maps).length > 0) return Number.NaN;
      throw new AlphaLoraError(
        'NO_SPECTRUM',
        `block ${block} has no alpha, because none of its projections was measured: ` +
          reasonsOf(analysis.matrices.filter((row) => row.block === block)) +
          otherStacks(analysis.stacks ?? []),
        { details: { block } },
      );
    },
  };
}

/**
 * Metrics differ more from role to role than from block to block.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when the metric was not measured, or of windows only
 */
function metricScale(analysis: Analysis, maps: readonly StoredMap[], metric: string): Scale {
  const { options, model } = analysis;
  const command = `alphalora analyze ${model.source} --metrics ${metric} -o analysis.json`;
  const refused = (what: string, instead: string): AlphaLoraError =>
    new AlphaLoraError('INVALID_OPTION', `${what}: ${command} ${instead}`, { details: { metric } });
  if (options['farms'] !== undefined) {
    throw refused(`the metric ${metric} of windows (FARMS) is not that of a matrix`, 'measures it');
  }
  const listed = options['metrics'];
  const known = maps.some((map) => metricsOf(map, metric).length > 0);
  if (!known && !(Array.isArray(listed) && listed.includes(metric))) {
    throw refused(`the analysis does not have the metric ${metric}`, 'measures it');
  }
  const ofMap = (map: StoredMap): number => mean(metricsOf(map, metric));
  return {
    what: `a finite ${metric}`,
    ofMap,
    ofBlock: (_, own) => mean(own.map(ofMap).filter((value) => !Number.isNaN(value))),
    kin: ({ module }) => module.role,
    why: (own) => {
      const reasons = own.flatMap(({ rows }) =>
        rows.map((row) => (row.status === 'ok' ? `its ${metric} is not finite` : row.reason)),
      );
      return [...new Set(reasons)].join('; ');
    },
  };
}

/** What is known of its rows. */
function metricsOf({ rows }: StoredMap, metric: string): number[] {
  return rows.flatMap((row) =>
    row.status === 'ok' && Object.hasOwn(row.metrics, metric) ? [row.metrics[metric]!] : [],
  );
}

function nothingMeasured({ matrices, stacks = [] }: Analysis): AlphaLoraError {
  return new AlphaLoraError(
    'NO_SPECTRUM',
    `no projection was measured: ${reasonsOf(matrices)}${otherStacks(stacks)}`,
  );
}

/** Why the projections among these rows were not measured, or the others where there are none, each reason once. */
function reasonsOf(rows: readonly MatrixRow[]): string {
  const projections = rows.filter(isProjection);
  const told = projections.length > 0 ? projections : rows;
  const reasons = told.flatMap((row) => (row.status === 'ok' ? [] : [row.reason]));
  return reasons.length > 0 ? [...new Set(reasons)].join('; ') : 'the analysis has none';
}

/** @throws AlphaLoraError `NO_SPECTRUM` where no layer has a score of its own */
function scored(
  { stacks = [] }: Analysis,
  own: readonly number[],
  { what }: Pick<Scale, 'what'>,
  kin?: readonly unknown[],
): number[] {
  if (own.every(Number.isNaN)) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      `no matrix of the ${stacks.length > 0 ? 'main stack' : 'analysis'} has ${what}: see the reasons in the analysis` +
        otherStacks(stacks),
    );
  }
  return filled(own, kin);
}

/** Those that have an alpha, for where the main one has none. */
function otherStacks(stacks: NonNullable<Analysis['stacks']>): string {
  const names = stacks.flatMap(({ name, blocks }) =>
    blocks.some(({ alpha }) => alpha !== undefined) ? [name] : [],
  );
  return names.length > 0 ? `, or choose another stack (--stack): ${names.join(', ')}` : '';
}

/** Why these maps have no fits, or ones that say nothing, each reason once. */
function weakReasons(maps: readonly StoredMap[]): string[] {
  const reasons = maps.flatMap(({ rows }) =>
    rows.map((row) => (row.status === 'ok' ? row.weak : row.reason)),
  );
  return [...new Set(reasons.filter((reason) => reason !== undefined))];
}

/** A score of a block or, with a name and a shape, of a projection. */
export interface ScoredLayer {
  score: number;
  /** The position in the list where neither is given. */
  block?: number;
  index?: number;
  /** Of a projection; then it has to have a shape. */
  name?: string;
  role?: string;
  /** Shape of its linear map. */
  inputs?: number;
  outputs?: number;
  /** Variance of its weights. */
  variance?: number;
}

/**
 * Blocks or projections with scores from anywhere, such as the influence scores of LayerIF
 * (arXiv 2505.23811), or made up to try a policy. A score without a block belongs to the block at its
 * position.
 *
 * @throws AlphaLoraError `INVALID_OPTION` for half a shape, or a projection without one
 */
export function layersFromScores(scores: ReadonlyArray<number | ScoredLayer>): Layer[] {
  return scores.map((entry, index) => {
    const given = typeof entry === 'number' ? { score: entry } : entry;
    const { score, block = given.index ?? index, name, role, variance } = given;
    const { inputs = 0, outputs = 0 } = given;
    const shaped = inputs > 0 && outputs > 0;
    if (!shaped && (name !== undefined || inputs !== 0 || outputs !== 0)) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${name ?? `layer ${index}`} needs both inputs and outputs, above zero`,
        { details: { layer: index } },
      );
    }
    const own = { ...defined({ role, name }) };
    return {
      index,
      block,
      score,
      inputs,
      outputs,
      parameters: inputs * outputs,
      ...own,
      ...defined({ variance }),
      ...(name !== undefined && { modules: [{ ...own, name, inputs, outputs }] }),
    };
  });
}

/** The mean of its rows; NaN where none has a fit that says anything. */
function alphaOf({ rows }: StoredMap, cap?: number): number {
  const alphas = rows.flatMap((row) =>
    row.status === 'ok' && row.weak === undefined ? [scoredAlpha(row.alpha, cap)] : [],
  );
  return mean(alphas);
}

/** NaN of none. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function factsOf(
  maps: readonly StoredMap[],
  windows: boolean,
): Pick<Layer, 'inputs' | 'outputs' | 'parameters' | 'variance' | 'modules'> {
  const sum = (of: (map: LinearMap) => number): number =>
    maps.reduce((total, { module }) => total + of(module), 0);
  const parameters = sum(({ inputs, outputs }) => inputs * outputs);
  const squares = maps
    .flatMap(({ rows }) => rows)
    .map((row) => (row.status === 'ok' ? row.metrics['norm'] : undefined));
  const known = squares.every((square): square is number => square !== undefined);
  return {
    inputs: sum(({ inputs }) => inputs),
    outputs: sum(({ outputs }) => outputs),
    parameters,
    ...(known &&
      !windows &&
      parameters > 0 && { variance: squares.reduce((a, b) => a + b, 0) / parameters }),
    ...(maps.length > 0 && { modules: maps.map(({ module }) => module) }),
  };
}
