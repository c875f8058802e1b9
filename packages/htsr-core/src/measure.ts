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
  metrics?: readonly string[];
  /** Takes alpha over this many rigid draws of a spectrum, not from the spectrum alone. */
  bag?: number;
  /** Marks tails of fewer eigenvalues as thin. */
  minTail?: number;
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
    estimator: Pick<TailEstimator, 'name'>;
  },
): Omit<AnalysisOptionsRecord, keyof Scoring> {
  const { engine, build, estimator, precision = 'auto', farms } = options;
  const { bag, minTail, seed = 0 } = checkedOptions(options);
  return {
    estimator: estimator.name,
    engine: engine.name,
    ...defined({ build }),
    precision,
    metrics: resolveMetrics(options.metrics),
    ...drawsRecord(options),
    seed,
    ...defined({ bag, minTail }),
    ...(farms && { farms: farmsOptions(farms) }),
  };
}

/** @throws AlphaLoraError `INVALID_OPTION` for counts that are none */
function checkedOptions<Given extends Pick<MeasureOptions, 'bag' | 'minTail'>>(
  options: Given,
): Given {
  for (const name of ['bag', 'minTail'] as const) {
    const { [name]: value = 1 } = options;
    if (Number.isInteger(value) && value >= 1) continue;
    throw new AlphaLoraError('INVALID_OPTION', `${name} must be an integer from 1, not ${value}`);
  }
  return options;
}

/** What {@link measureUnit} may report and obey while it works. */
export interface MeasureControl {
  signal?: AbortSignal | undefined;
  /** Called with the share of the spectrum that is done, 0 to 1. */
  onProgress?: ((done: number) => void) | undefined;
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
    from = Math.max(from, resolved ** 2);
  };
  const eigenvalues = await spectrum(sampled, engine, { precision, onPrecision, ...control });
  const count = sampled.matrices.reduce((sum, m) => sum + Math.min(m.rows, m.columns), 0);
  const resolution = { from, count };
  const imprecise = impreciseReason(eigenvalues, resolution, estimator, used);
  const single = checkedFit(estimator.fit(eigenvalues), estimator.name, eigenvalues.length);
  const weak = weaknessOf(eigenvalues, single);
  const randomFor = (what: string): Random => seededRandom(seed, `${what} ${unit.name}`);
  const bagged =
    bag === undefined || weak !== undefined
      ? undefined
      : baggedAlpha({ eigenvalues, estimator, bag, random: randomFor('bag') });
  const alpha = bagged?.alpha ?? single.alpha;
  const fit = { ...single, alpha };
  const kind = options.bootstrap === undefined ? 'rigid' : 'bootstrap';
  const draws = drawnAlphas({
    ...{ kind, eigenvalues, alpha, estimator, bag: bagged && bag },
    // How sure an exponent is that says nothing is no question.
    count: weak === undefined ? drawCount(options) : 0,
    random: randomFor(kind),
  });
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
    ...(bagged && { unbagged: single.alpha }),
    ...(interval && { interval }),
    ...(draws.length > 0 && { draws }),
    ...(warning && { warning }),
    ...defined({ weak, thin: thinReason(fit, minTail) }),
    ...(used && { precision: used }),
    ...defined({ imprecise }),
    metrics: computeMetrics(context, weak === undefined ? names : withoutFit(names)),
    spectrum: summarize(eigenvalues),
  };
}
