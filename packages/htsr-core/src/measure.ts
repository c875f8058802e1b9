/**
 * One unit from its matrices to the numbers of its row: spectrum, tail fit, how sure the fit is,
 * metrics, and what a page needs to draw it.
 */
import {
  type AnalysedRow,
  type AnalysisOptionsRecord,
  defined,
  type Precision,
  warningOf,
} from '@alphalora/contracts';
import type { SpectralEngine, TailEstimator } from '@alphalora/contracts/extensions';
import { seededRandom } from '@alphalora/contracts/numbers';
import { bootstrapAlphas } from './bootstrap.js';
import { checkedFit } from './checked-fit.js';
import { type FarmsOptions, farmsOptions, farmsUnit } from './farms.js';
import { type SpectralUnit, sidesOf } from './matrices.js';
import { computeMetrics, needsRandomised, resolveMetrics, withoutFit } from './metrics/index.js';
import { randomisedSpectrum } from './metrics/randomised-spectrum.js';
import { impreciseReason } from './resolution.js';
import { spectrum } from './spectrum.js';
import { middle95 } from './statistics.js';
import { summarize } from './summary.js';
import { weaknessOf } from './weakness.js';

export interface MeasureOptions {
  engine: SpectralEngine;
  estimator: TailEstimator;
  /** Arithmetic of the engine. @default 'auto' */
  precision?: Precision;
  /** Metrics, or groups of them, by name. @default all that cost little */
  metrics?: readonly string[];
  /** Bootstrap draws for the interval of alpha; 0 for none. @default 200 */
  bootstrap?: number;
  /** Seed of the bootstrap and of the shuffling of randomised matrices. @default 0 */
  seed?: number;
  /** Pools the spectra of windows of one aspect ratio in place of the whole matrix. */
  farms?: FarmsOptions;
}

/** What the document says about a measurement: every option that can change a number. */
export function measureRecord(
  options: Omit<MeasureOptions, 'engine' | 'estimator'> & {
    engine: Pick<SpectralEngine, 'name'>;
    /** Which of several builds the engine chose. */
    build?: string;
    estimator: Pick<TailEstimator, 'name'>;
  },
): Omit<AnalysisOptionsRecord, 'aggregate'> {
  const { engine, build, estimator, precision = 'auto', farms } = options;
  const { bootstrap = DEFAULT_DRAWS, seed = 0 } = options;
  return {
    estimator: estimator.name,
    engine: engine.name,
    ...defined({ build }),
    precision,
    metrics: resolveMetrics(options.metrics),
    bootstrap,
    seed,
    ...(farms && { farms: farmsOptions(farms) }),
  };
}

/** What {@link measureUnit} may report and obey while it works. */
export interface MeasureControl {
  signal?: AbortSignal | undefined;
  /** Called with the share of the spectrum that is done, 0 to 1. */
  onProgress?: ((done: number) => void) | undefined;
}

/** The measured part of a row. */
export type Measurement = Omit<AnalysedRow, keyof SpectralUnit | 'digest' | 'status'>;

/** Draws of the bootstrap unless told otherwise: the ends of the interval are good to two digits. */
const DEFAULT_DRAWS = 200;

/**
 * @throws AlphaLoraError `NO_SPECTRUM` when the unit has no usable spectrum or its tail no fit,
 * `NOT_FOUND` for unknown metrics, `INVALID_OPTION` for options out of range, and whatever reading
 * and the engine throw
 */
export async function measureUnit(
  unit: SpectralUnit,
  options: MeasureOptions,
  control: MeasureControl = {},
): Promise<Measurement> {
  const { engine, estimator, precision = 'auto', bootstrap = DEFAULT_DRAWS, seed = 0 } = options;
  const names = resolveMetrics(options.metrics);
  const sampled = options.farms ? farmsUnit(unit, options.farms) : unit;

  let used: 'f32' | 'f64' | undefined;
  let from = 0;
  const onPrecision = (arithmetic: 'f32' | 'f64', resolved: number): void => {
    // Of a pooled spectrum, the lowest precision is the one that limits it.
    used = used === 'f32' ? 'f32' : arithmetic;
    from = Math.max(from, resolved ** 2);
  };
  const eigenvalues = await spectrum(sampled, engine, { precision, onPrecision, ...control });
  const count = sampled.matrices.reduce((sum, m) => sum + Math.min(m.rows, m.columns), 0);
  const resolution = { from, count };
  const imprecise = impreciseReason(eigenvalues, resolution, estimator, used);
  const fit = checkedFit(estimator.fit(eigenvalues), estimator.name, eigenvalues.length);
  const weak = weaknessOf(eigenvalues, fit);
  const random = seededRandom(seed, `bootstrap ${unit.name}`);
  const { alpha } = fit;
  // How sure an exponent is that says nothing is no question.
  const samples = weak === undefined ? bootstrap : 0;
  const draws = bootstrapAlphas({ eigenvalues, alpha, estimator, draws: samples, random });
  const interval = middle95(draws);
  const warning = weak === undefined ? warningOf(alpha) : undefined;
  // A core has other elements than its matrix, so shuffling them would tell nothing.
  const randomised =
    needsRandomised(names) && !sampled.factored
      ? await randomisedSpectrum(sampled, engine, { seed, signal: control.signal })
      : undefined;
  const context = {
    eigenvalues,
    fit,
    resolution,
    ...sidesOf(sampled),
    ...(randomised && { randomised }),
  };
  return {
    ...fit,
    ...(interval && { interval }),
    ...(draws.length > 0 && { draws }),
    ...(warning && { warning }),
    ...defined({ weak }),
    ...(used && { precision: used }),
    ...defined({ imprecise }),
    metrics: computeMetrics(context, weak === undefined ? names : withoutFit(names)),
    spectrum: summarize(eigenvalues),
  };
}
