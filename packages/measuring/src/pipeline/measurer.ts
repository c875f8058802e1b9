/**
 * One unit from its matrices to the numbers of its row: what a worker thread does, and the main thread
 * when the model is too small for workers to pay off. Spectra that are in the cache are not computed
 * again.
 */
import { AlphaLoraError, defined, isAlphaLoraError, type Precision } from '@alphalora/contracts';
import type { SpectralEngine, TailEstimator } from '@alphalora/contracts/extensions';
import type { Matrix, WeightTensor } from '@alphalora/contracts/weights';
import {
  type DrawOptions,
  estimators,
  type FarmsOptions,
  farmsUnit,
  hill,
  type MeasureControl,
  type Measurement,
  matrixOperations,
  measureUnit,
  type SpectralUnit,
  spectralUnits,
  unfitReason,
} from '@alphalora/htsr-core';
import { engines } from '../engines/index.js';
import type { ModelAccess } from '../models/access.js';
import { type Preparation, prepare } from '../preparation.js';
import { cacheKey, readCached, writeCached } from './cache.js';
import { type Content, contentOf, keepDigest } from './content.js';
import { listDigest } from './digest.js';

export interface MeasurerSettings extends DrawOptions {
  /** How threads reach the files of the model. */
  access: ModelAccess;
  engine: string;
  /** Build of the engine, or `auto`; engines with a single one ignore it. */
  build: string;
  precision: Precision;
  estimator: string;
  /** Of the estimator `hill`: number of eigenvalues in the tail. */
  tail?: number;
  /** Of the estimator `hill`: the same as a share of the eigenvalues. */
  tailShare?: number;
  /** Number of rigid draws that an alpha is taken over. */
  bag?: number;
  /** Tails of fewer eigenvalues are marked as thin. */
  minTail?: number;
  /** Only eigenvalues above this are fitted. */
  evalsThreshold?: number;
  metrics: readonly string[];
  /** Whether the eigenvalues are part of the answer. */
  eigenvalues?: boolean;
  seed: number;
  farms?: FarmsOptions;
  /**
   * A matrix's part of the memory, in bytes. Within it an engine may do more than it must for exact
   * values. An engine keeps the memory of its largest matrix for the next; after one that takes more
   * than this it is closed instead, so that idle threads do not sit on what others need.
   */
  memoryShare: number;
  /** Absent: nothing is cached. */
  cacheFolder?: string;
  /** What this thread does first. */
  preparation?: Preparation;
  /** Version of the program, since another one may compute other bits. */
  version: string;
}

export interface Measured {
  measurement: Measurement;
  /** All of them, ascending, where they were asked for. */
  eigenvalues?: Float64Array;
  /** Of the values that were measured. */
  digest: string;
  /** Operations that the cache saved. */
  found: number;
  /** Why spectra could not be kept, if so: the analysis goes on, but would start anew. */
  notKept?: string;
}

export interface Measurer {
  measure(unit: SpectralUnit, control?: MeasureControl): Promise<Measured>;
  close(): Promise<void>;
}

export async function createMeasurer(settings: MeasurerSettings): Promise<Measurer> {
  const { precision, build, memoryShare, farms } = settings;
  const { metrics, draws, bootstrap, bag, minTail, evalsThreshold, seed, cacheFolder } = settings;
  await prepare(settings.preparation);
  const { load, memory } = engines.get(settings.engine);
  const estimator = await chosenEstimator(settings);
  const engine = await load(build, memoryShare);
  return {
    async measure(unit, control = {}) {
      const { signal } = control;
      const contents: Content[] = [];
      for (const matrix of unit.matrices) {
        contents.push(
          await contentOf(matrix, { cacheFolder, sampled: farms !== undefined }, signal),
        );
      }
      const read = { ...unit, matrices: contents.map(({ matrix }) => matrix) };
      const sampled = farms ? farmsUnit(read, farms) : read;
      const measured = contentsOf(contents, sampled);
      const cached = cachingEngine(engine, {
        ...settings,
        contentOf: (matrix) => measured.get(matrix),
      });
      let eigenvalues: Float64Array | undefined;
      const keep = (all: Float64Array): void => {
        eigenvalues = all;
      };
      const measurement = await measureUnit(
        sampled,
        {
          ...{ engine: cached, estimator, precision, metrics, seed },
          ...defined({ draws, bootstrap, bag, minTail, evalsThreshold }),
        },
        { ...control, onSpectrum: settings.eigenvalues ? keep : undefined },
      );
      const digests: string[] = [];
      for (const { matrix, digest } of contents) {
        const found = await digest(signal);
        digests.push(found);
        await cached.keep(() => keepDigest(matrix, found, cacheFolder));
      }
      const digest = digests.length === 1 ? digests[0]! : listDigest(digests);
      const largest = Math.max(
        ...sampled.matrices.map((matrix) => memory(matrix, precision, memoryShare)),
      );
      if (largest > memoryShare) await engine.close?.();
      return { measurement, ...defined({ eigenvalues }), digest, ...cached.outcome() };
    },
    async close() {
      await engine.close?.();
    },
  };
}

/**
 * @throws AlphaLoraError `NOT_FOUND` for an unknown estimator, `INVALID_OPTION` for a tail size for
 *   another than hill
 */
export async function chosenEstimator({
  estimator,
  tail,
  tailShare,
}: Pick<MeasurerSettings, 'estimator' | 'tail' | 'tailShare'>): Promise<TailEstimator> {
  if (tail === undefined && tailShare === undefined) return estimators.load(estimator);
  if (estimator === 'hill') return hill(defined({ k: tail, share: tailShare }));
  const option = tail === undefined ? '--tail-share' : '--tail';
  throw new AlphaLoraError('INVALID_OPTION', `${option} goes with --estimator hill only`);
}

/** Everything that can have a spectrum, whether it is asked for or not. */
export function measurableUnits(weights: readonly WeightTensor[]): SpectralUnit[] {
  return weights.filter((weight) => unfitReason(weight) === undefined).flatMap(spectralUnits);
}

/** What each sampled matrix holds: a matrix of the unit, or a window of one by its coordinates. */
export function contentsOf(
  contents: readonly Content[],
  sampled: SpectralUnit,
): Map<Matrix, Content> {
  const measured = new Map(contents.map((content) => [content.matrix, content]));
  for (const window of sampled.matrices) {
    if (measured.has(window)) continue;
    const whole = contents.find(({ matrix }) => window.name.startsWith(`${matrix.name}[`))!;
    const coordinates = window.name.slice(whole.matrix.name.length);
    const inWhole = (digest: string): string => listDigest([digest, coordinates]);
    measured.set(window, {
      matrix: window,
      ...(whole.known !== undefined && { known: inWhole(whole.known) }),
      digest: async (signal) => inWhole(await whole.digest(signal)),
    });
  }
  return measured;
}

interface CachingEngine extends SpectralEngine {
  /** Writes into the cache; a cache that cannot be written is part of the outcome, not an error. */
  keep(write: () => Promise<void>): Promise<void>;
  /** What the cache did since the engine was made. */
  outcome(): Pick<Measured, 'found' | 'notKept'>;
}

/** An engine that looks spectra up before it computes them, and keeps those that it computes. */
function cachingEngine(
  engine: SpectralEngine,
  settings: Pick<MeasurerSettings, 'cacheFolder' | 'build' | 'version'> & {
    /** What a matrix holds; undefined for those that are not cached. */
    contentOf: (matrix: Matrix) => Content | undefined;
  },
): CachingEngine {
  const { cacheFolder, build, version, contentOf } = settings;
  let found = 0;
  let notKept: string | undefined;
  const keep = async (write: () => Promise<void>): Promise<void> => {
    notKept ??= await reasonNotTo(write);
  };
  return {
    name: engine.name,
    async singularValues(matrix, options = {}) {
      const content = contentOf(matrix);
      if (cacheFolder === undefined || !content) return engine.singularValues(matrix, options);
      const { precision = 'auto', onPrecision } = options;
      const keyOf = (digest: string): string =>
        cacheKey({ digest, engine: `${engine.name} ${build}`, precision, version });
      const count = Math.min(matrix.rows, matrix.columns);
      const cached = content.known && (await readCached(cacheFolder, keyOf(content.known), count));
      if (cached) {
        found += matrixOperations(matrix);
        onPrecision?.(cached.precision, cached.resolved);
        return cached.singularValues;
      }
      let [used, resolved] = ['f64' as 'f32' | 'f64', 0];
      const singularValues = await engine.singularValues(matrix, {
        ...options,
        onPrecision: (...reported) => {
          [used, resolved] = reported;
        },
      });
      onPrecision?.(used, resolved);
      const key = keyOf(await content.digest(options.signal));
      // What float64 does not resolve for want of memory, another run may.
      if (used === 'f32' || resolved === 0) {
        await keep(() =>
          writeCached(cacheFolder, key, { singularValues, precision: used, resolved }),
        );
      }
      return singularValues;
    },
    keep,
    outcome: () => ({ found, ...defined({ notKept }) }),
  };
}

/** @returns why not, when the disk is full or the folder is not ours to write */
async function reasonNotTo(write: () => Promise<void>): Promise<string | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (isAlphaLoraError(error, 'IO_FAILED')) return error.message;
    throw error;
  }
}
