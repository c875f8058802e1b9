/**
 * One unit from its matrices to the numbers of its row: spectrum, tail fit, how sure the fit is,
 * metrics, and what a page needs to draw it.
 */
import {
  AlphaLoraError,
  type AnalysedRow,
  type AnalysisOptionsRecord,
  defined,
  type Precision,
  type Scoring,
  warningOf,
} from '@alphalora/contracts';
import type { SpectralEngine, TailEstimator } from '@alphalora/contracts/extensions';
import { type Random, seededRandom } from '@alphalora/contracts/numbers';
import { checkedFit } from './checked-fit.js';
import { baggedAlpha } from './draws/bag.js';
import { type DrawOptions, drawCount, drawnAlphas, drawsRecord } from './draws/index.js';
import { type FarmsOptions, farmsOptions, farmsUnit } from './farms.js';
import { type SpectralUnit, sidesOf } from './matrices.js';
import { computeMetrics, needsRandomised, resolveMetrics, withoutFit } from './metrics/index.js';
import { randomisedSpectrum } from './metrics/randomised-spectrum.js';
import { misfitReason } from './misfit.js';
import { impreciseReason } from './resolution.js';
import { spectrum } from './spectrum.js';
import { middle95 } from './statistics.js';
import { summarize } from './summary.js';
import { thinReason, weaknessOf } from './weakness.js';

export interface MeasureOptions extends DrawOptions {
  engine: SpectralEngine;
  estimator: TailEstimator;
  /** Arithmetic of the engine. @default 'auto' */
  precision?: Precision;
  /** Metrics, or groups of them, by name. @default all that cost little */
  metrics?: string | readonly string[];
  /** Takes alpha over this many rigid draws of a spectrum, not from the spectrum alone. */
  bag?: number;
  /** Marks tails of fewer eigenvalues as thin. */
  minTail?: number;
  /**
   * Fits only eigenvalues above this, as WeightWatcher does above 1e-5; metrics have all of them.
   * @default all that are not zero to working precision
   */
  evalsThreshold?: number;
  /** Of all draws and of the shuffling of randomised matrices; with a matrix's name. @default 0 */
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
    estimator: Pick<TailEstimator, 'name' | 'settings'>;
  },
): Omit<AnalysisOptionsRecord, keyof Scoring> {
  const { engine, build, estimator, precision = 'auto', farms } = options;
  const { bag, minTail, evalsThreshold, seed = 0 } = checkedOptions(options);
  return {
    ...estimator.settings,
    estimator: estimator.name,
    engine: engine.name,
    ...defined({ build }),
    precision,
    metrics: resolveMetrics(options.metrics),
    ...drawsRecord(options),
    seed,
    ...defined({ bag, minTail, evalsThreshold }),
    ...(farms && { farms: farmsOptions(farms) }),
  };
}

/** @throws AlphaLoraError `INVALID_OPTION` for counts that are none */
function checkedOptions<Given extends Pick<MeasureOptions, 'bag' | 'minTail' | 'evalsThreshold'>>(
  options: Given,
): Given {
  for (const name of ['bag', 'minTail'] as const) {
    const { [name]: value = 1 } = options;
    if (Number.isInteger(value) && value >= 1) continue;
    throw new AlphaLoraError('INVALID_OPTION', `${name} must be an integer from 1, not ${value}`);
  }
  const { evalsThreshold: threshold = 0 } = options;
  if (Number.isFinite(threshold) && threshold >= 0) return options;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `the threshold of eigenvalues must be a number from 0, not ${threshold}`,
  );
}

/** What {@link measureUnit} may report and obey while it works. */
export interface MeasureControl {
  signal?: AbortSignal | undefined;
  /** Called with the share of the spectrum that is done, 0 to 1. */
  onProgress?: ((done: number) => void) | undefined;
  /** Called with a copy of the eigenvalues, ascending, once the unit is measured. */
  onSpectrum?: ((eigenvalues: Float64Array) => void) | undefined;
}

/** The measured part of a row. */
export type Measurement = Omit<AnalysedRow, keyof SpectralUnit | 'digest' | 'status'>;

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
  const { engine, estimator, precision = 'auto', bag, minTail, seed = 0 } = checkedOptions(options);
  const names = resolveMetrics(options.metrics);
  const sampled = options.farms ? farmsUnit(unit, options.farms) : unit;

  let used: 'f32' | 'f64' | undefined;
  let from = 0;
  const onPrecision = (arithmetic: 'f32' | 'f64', resolved: number): void => {
    // Of a pooled spectrum, the lowest precision is the one that limits it.
    used = used === 'f32' ? 'f32' : arithmetic;
    from = Math.max(from, (unit.eigenvalueScale ?? 1) * resolved ** 2);
  };
  const eigenvalues = await spectrum(sampled, engine, { precision, onPrecision, ...control });
  const count = sampled.matrices.reduce((sum, m) => sum + Math.min(m.rows, m.columns), 0);
  const resolution = { from, count };
  const fitted = above(eigenvalues, options.evalsThreshold);
  // What is below the threshold is not fitted, whatever it is.
  const hidden = (options.evalsThreshold ?? 0) >= from;
  const imprecise = hidden ? undefined : impreciseReason(eigenvalues, resolution, estimator, used);
  const single = checkedFit(estimator.fit(fitted), estimator.name, fitted.length);
  const weak = weaknessOf(fitted, single);
  const randomFor = (what: string): Random => seededRandom(seed, `${what} ${unit.name}`);
  const bagged =
    bag === undefined || weak !== undefined
      ? undefined
      : baggedAlpha({ eigenvalues: fitted, estimator, bag, random: randomFor('bag') });
  const alpha = bagged?.alpha ?? single.alpha;
  const fit = { ...single, alpha };
  const kind = options.bootstrap === undefined ? 'rigid' : 'bootstrap';
  const draws = drawnAlphas({
    ...{ kind, eigenvalues: fitted, alpha, estimator, bag: bagged && bag },
    // How sure an exponent is that says nothing is no question.
    count: weak === undefined ? drawCount(options) : 0,
    random: randomFor(kind),
  });
  const interval = middle95(draws);
  const misfit = estimator.fixedCut && weak === undefined ? misfitReason(single) : undefined;
  const warning = weak === undefined && !estimator.fixedCut ? warningOf(alpha) : undefined;
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
  const metrics = computeMetrics(context, weak === undefined ? names : withoutFit(names));
  control.onSpectrum?.(eigenvalues.slice());
  return {
    ...fit,
    ...(bagged && { unbagged: single.alpha }),
    ...(interval && { interval }),
    ...(draws.length > 0 && { draws }),
    ...(warning && { warning }),
    ...defined({ weak, thin: thinReason(fit, minTail), misfit }),
    ...(used && { precision: used }),
    ...defined({ imprecise }),
    metrics,
    spectrum: summarize(eigenvalues),
  };
}

/** @throws AlphaLoraError `NO_SPECTRUM` when fewer than two are left */
function above(eigenvalues: Float64Array, threshold = 0): Float64Array {
  const fitted = threshold === 0 ? eigenvalues : eigenvalues.filter((value) => value > threshold);
  if (fitted.length >= 2) return fitted;
  throw new AlphaLoraError(
    'NO_SPECTRUM',
    `${fitted.length} of ${eigenvalues.length} eigenvalues above the threshold ${threshold}: a tail needs at least two`,
  );
}
