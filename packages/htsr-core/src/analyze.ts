/**
 * The analysis of a model: every weight's spectrum, tail fit and metrics, and every block's alpha.
 *
 * Matrices are independent. They are measured largest first, as many at a time as the engine works
 * on, and written down in the order in which the checkpoint lists them.
 */
import {
  AlphaLoraError,
  type Analysis,
  type AnalysisOptionsRecord,
  defined,
  isAlphaLoraError,
  type MatrixRow,
  type ModelIdentity,
  type Scoring,
  type ToolIdentity,
} from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { reasonOf, type WeightDescription, type WeightTensor } from '@alphalora/contracts/weights';
import { aggregateStacks, scoringOf } from './aggregate.js';
import { defaultEstimator } from './defaults.js';
import { estimators } from './estimators/index.js';
import { describe, operations, type SpectralUnit, spectralUnits } from './matrices.js';
import {
  type MeasureControl,
  type Measurement,
  type MeasureOptions,
  measureRecord,
  measureUnit,
} from './measure.js';
import { unaskedReason, unfitReason, unreadIntegers } from './selection.js';

interface DocumentOptions extends Partial<Scoring> {
  model: ModelIdentity;
  /** The stacks beside the main one, in the order of the document, and why they stand apart. */
  stacks?: ReadonlyArray<{ name: string; reason?: string }>;
  /** Who writes the document. */
  tool: ToolIdentity;
  /**
   * Overrules the default choice for a matrix (of a stack, for each by its own name): `true`
   * analyses it, a text skips it with that reason, undefined leaves it to the default (projections
   * and other matrices, but no embeddings, output heads and routers).
   */
  select?: (weight: WeightDescription) => true | string | undefined;
  signal?: AbortSignal;
  onProgress?: (progress: AnalysisProgress) => void;
}

export interface AnalyzeOptions extends DocumentOptions, Omit<MeasureOptions, 'estimator'> {
  /** How the tails are fitted. @default `hill()`, the largest quarter of the eigenvalues */
  estimator?: TailEstimator;
  /**
   * Called for each matrix that is measured with all its eigenvalues lambda = sigma^2, ascending and
   * not divided by anything, without those that are zero to working precision. Under `farms` they are
   * those of its windows together.
   */
  onSpectrum?: (name: string, eigenvalues: Float64Array) => void;
}

export interface AnalyzeWithOptions extends DocumentOptions {
  measure: (unit: SpectralUnit, control: MeasureControl) => Promise<Measurement>;
  /** How many units are measured at once. @default 1 */
  concurrency?: number;
  /** How much of the progress a unit is, in any measure. @default its floating-point operations */
  work?: (unit: SpectralUnit) => number;
  /** Everything that can change a number, to be written down. */
  record: Omit<AnalysisOptionsRecord, keyof Scoring>;
}

export interface AnalysisProgress {
  /** Work done and in all: floating-point operations, unless `work` counts otherwise. */
  done: number;
  total: number;
  /** Matrices finished and in all. */
  finished: number;
  count: number;
  /** The matrix that this report is about. */
  name: string;
}

/**
 * Analyses the weights of a model.
 *
 * A matrix without a usable spectrum becomes a `failed` row with its reason; a weight that is not
 * analysed becomes a `skipped` row. Errors in reading the weights end the analysis.
 *
 * @throws the signal's reason when aborted; AlphaLoraError `NO_SPECTRUM` when all projections are
 * quantized in ways that cannot be read, `NOT_FOUND` for unknown metrics,
 * `INVALID_OPTION` for options out of range, and from reading the weights
 */
export async function analyze(
  weights: Iterable<WeightTensor> | AsyncIterable<WeightTensor>,
  options: AnalyzeOptions,
): Promise<Analysis> {
  const { engine, onSpectrum, estimator = await estimators.load(defaultEstimator) } = options;
  const measuring = { ...options, estimator };
  const build = await engine.build?.();
  return analyzeWith(weights, {
    ...options,
    measure: (unit, control) =>
      measureUnit(unit, measuring, {
        ...control,
        onSpectrum: onSpectrum && ((eigenvalues) => onSpectrum(unit.name, eigenvalues)),
      }),
    concurrency: engine.concurrency ?? 1,
    record: measureRecord({ ...measuring, ...defined({ build }) }),
  });
}

/** The same where units are measured elsewhere, e.g. in worker threads. */
export async function analyzeWith(
  weights: Iterable<WeightTensor> | AsyncIterable<WeightTensor>,
  options: AnalyzeWithOptions,
): Promise<Analysis> {
  const started = performance.now();
  const { measure, record, tool, model, signal, concurrency = 1, work = operations } = options;
  const { estimator } = record as AnalysisOptionsRecord;
  const scoring = scoringOf(options, estimator);

  const rows: Array<MatrixRow | SpectralUnit> = [];
  const unreadable: string[] = [];
  let readable = 0;
  for await (const weight of weights) {
    const unfit = unfitReason(weight);
    const isProjection = weight.kind === 'projection';
    if (unfit !== undefined) {
      rows.push(skipped(weight, unfit));
      const unread = weight.unreadable ?? unreadIntegers(weight);
      const isQuantized = isProjection || weight.quantization !== undefined;
      if (unread !== undefined && isQuantized) unreadable.push(unread);
    } else {
      if (isProjection) readable++;
      for (const unit of spectralUnits(weight)) {
        const choice = options.select?.(unit) ?? unaskedReason(unit) ?? true;
        rows.push(choice === true ? unit : skipped(unit, choice));
      }
    }
  }
  if (readable === 0 && unreadable.length > 0) throw nothingReadable(unreadable);
  const positions = [...rows.keys()].filter((position) => isUnit(rows[position]!));
  const unitAt = (position: number): SpectralUnit => rows[position] as SpectralUnit;
  positions.sort((a, b) => operations(unitAt(b)) - operations(unitAt(a)));
  const progress = progressReporter(positions.map(unitAt), work, options.onProgress);

  await inParallel(positions, concurrency, signal, async (position, stop) => {
    const unit = unitAt(position);
    const { onProgress, finish } = progress(unit);
    rows[position] = await rowOf(unit, () => measure(unit, { signal: stop, onProgress }));
    finish();
  });

  const matrices = rows as MatrixRow[];
  const blocks = matrices.reduce((most, { block = -1 }) => Math.max(most, block + 1), model.blocks);
  const identity = { ...model, blocks };
  const known = (options.stacks ?? []).map((stack) => ({ ...stack, blocks: [] }));
  return {
    schemaVersion: 1,
    kind: 'analysis',
    tool,
    model: identity,
    options: { ...record, ...scoring } as AnalysisOptionsRecord,
    matrices,
    ...aggregateStacks({ matrices, model: identity, stacks: known }, scoring),
    timings: { seconds: (performance.now() - started) / 1000 },
  };
}

function nothingReadable(reasons: readonly string[]): AlphaLoraError {
  return new AlphaLoraError(
    'NO_SPECTRUM',
    `there is nothing to measure: all projections (${reasons.length}) are quantized in a way that is not read: ${[...new Set(reasons)].join('; ')}`,
  );
}

function skipped(weight: WeightDescription, reason: string): MatrixRow {
  return { ...identity(weight), status: 'skipped', reason };
}

function isUnit(row: MatrixRow | SpectralUnit): row is SpectralUnit {
  return 'matrices' in row;
}

/** Why there is nothing to fit of a difference of checkpoints that is zero. */
const UNCHANGED = 'the same as in the base: their difference is zero';

/** The part of a row that is known from the header. */
function identity(weight: WeightDescription): Omit<MatrixRow, 'status' | 'reason'> {
  const { shape, stacked: _, ...rest } = describe(weight);
  return { ...rest, shape: [...shape] };
}

async function rowOf(unit: SpectralUnit, measure: () => Promise<Measurement>): Promise<MatrixRow> {
  try {
    return { ...identity(unit), status: 'ok', ...(await measure()) };
  } catch (error) {
    if (!isAlphaLoraError(error, 'NO_SPECTRUM', 'ENGINE_FAILED', 'UNSUPPORTED_CHECKPOINT'))
      throw error;
    if (unit.base !== undefined && error.details['zero'] === true) return skipped(unit, UNCHANGED);
    return { ...identity(unit), status: 'failed', reason: reasonOf(error, unit.name) };
  }
}

/** Sums the parts of all units, those in flight included, into one report. */
function progressReporter(
  units: readonly SpectralUnit[],
  work: (unit: SpectralUnit) => number,
  report: AnalyzeOptions['onProgress'],
): (unit: SpectralUnit) => { onProgress: (part: number) => void; finish: () => void } {
  const total = units.reduce((sum, unit) => sum + work(unit), 0);
  let done = 0;
  let finished = 0;
  return (unit) => {
    const size = work(unit);
    let counted = 0;
    const onProgress = (part: number): void => {
      done += (part - counted) * size;
      counted = part;
      report?.({ done, total, finished, count: units.length, name: unit.name });
    };
    return {
      onProgress,
      finish() {
        finished++;
        onProgress(1);
      },
    };
  };
}

/**
 * Runs `work` over the items in their order, at most `limit` at a time. The first error stops the
 * others; it is thrown when all have come to rest.
 */
async function inParallel<Item>(
  items: readonly Item[],
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const failure = new AbortController();
  const stop = AbortSignal.any([failure.signal, ...(signal ? [signal] : [])]);
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      stop.throwIfAborted();
      await work(item, stop);
    }
  };
  const lanes = Array.from({ length: limit }, () =>
    lane().catch((error: unknown) => failure.abort(error)),
  );
  await Promise.all(lanes);
  failure.signal.throwIfAborted();
}
