/** What an analysis will do, settled before any weight is read: its matrices, its settings, its record. */
import {
  type AnalysisOptionsRecord,
  defined,
  type Precision,
  type Scoring,
} from '@alphalora/contracts';
import {
  type DrawOptions,
  drawsRecord,
  type FarmsOptions,
  farmsOptions,
  measureRecord,
  resolveMetrics,
  type SpectralUnit,
  scoringOf,
} from '@alphalora/htsr-core';
import { defaultEstimator } from '@alphalora/htsr-core/estimators';
import { chosenEngine } from './engines/choice.js';
import type { OpenedModel } from './models/open.js';
import { chosenEstimator, type MeasurerSettings } from './pipeline/measurer.js';
import { assignShards, type Shard } from './pipeline/shards.js';
import { type Choice, type SelectionOptions, selection } from './selection.js';

/** Everything that can change a number. */
export interface MeasuringOptions extends SelectionOptions, DrawOptions, Partial<Scoring> {
  /** How the tail is fitted. @default 'hill' */
  estimator?: string;
  /** Of the estimator `hill`: number of eigenvalues in the tail. */
  tail?: number;
  /** Of the estimator `hill`: the same as a share of the eigenvalues. @default 0.25 */
  tailShare?: number;
  /** Takes alpha over this many rigid draws of a spectrum, not from the spectrum alone. */
  bag?: number;
  /** Marks tails of fewer eigenvalues as thin. */
  minTail?: number;
  /** Fits only eigenvalues above this. */
  evalsThreshold?: number;
  /** Metrics, or groups of them, by name. @default all that cost little */
  metrics?: string | readonly string[];
  /** Of everything that is drawn at random. @default 0 */
  seed?: number;
  /** Pools the spectra of windows of one aspect ratio in place of the whole matrix. */
  farms?: FarmsOptions;
  /** `native`, `wasm`, ... @default 'auto', the fastest that passes its self-test here */
  engine?: string;
  /**
   * Of the engine `wasm`: `relaxed`, or `simd` for equal bits on all machines. Of `native`: an instruction
   * set. @default 'auto', the fastest
   */
  build?: string;
  /** Arithmetic of the engine. @default 'auto' */
  precision?: Precision;
  /** Measures only this part of the matrices. */
  shard?: Shard;
}

export interface Plan {
  /** What is measured here. */
  units: readonly SpectralUnit[];
  settings: Omit<MeasurerSettings, 'memoryShare'>;
  scoring: Scoring;
  choice: Choice;
  /** Warnings that go into the document. */
  notes: readonly string[];
  shard?: Shard;
  /** The shard of a matrix, where it is another one than ours. */
  elsewhere(name: string): number | undefined;
  /** What the document says of the options, but for the build that the engine chooses. */
  record(build: string | undefined): Omit<AnalysisOptionsRecord, keyof Scoring>;
}

/** @throws AlphaLoraError `NOT_FOUND` for unknown names, `INVALID_OPTION` for options out of range */
export async function planned(
  { checkpoint, reference, access }: OpenedModel,
  options: MeasuringOptions,
  own: {
    version: string;
    cacheFolder?: string | undefined;
    /** Whether machines measure that need not have what this one has. */
    everywhere?: boolean;
  },
): Promise<Plan> {
  const { estimator: name = defaultEstimator, include, exclude, shard } = options;
  const { tail, tailShare, bag, minTail, evalsThreshold, seed = 0 } = options;
  const scoring = scoringOf(options, name);
  const draws = drawsRecord(options);
  const { precision = 'auto' } = options;
  const estimator = await chosenEstimator({ estimator: name, ...defined({ tail, tailShare }) });
  // Shards are joined only if they are measured alike, on whatever machines.
  const everywhere = own.everywhere === true || shard !== undefined;
  const { engine, build, note } = await chosenEngine({ ...options, everywhere });
  const metrics = resolveMetrics(options.metrics);
  const farms = options.farms && farmsOptions(options.farms);
  const { choice, units: chosen, notes: selected } = selection(options, checkpoint);
  const notes = note === undefined ? selected : [...selected, note];
  const shards = shard && assignShards(chosen, shard.count);
  const elsewhere = (matrix: string): number | undefined => {
    const owner = shards?.get(matrix);
    return owner === shard?.index ? undefined : owner;
  };
  const { version, cacheFolder } = own;
  return {
    units: chosen.filter((unit) => elsewhere(unit.name) === undefined),
    settings: {
      access,
      engine,
      build,
      precision,
      version,
      estimator: name,
      metrics,
      ...draws,
      seed,
      ...defined({ tail, tailShare, bag, minTail, evalsThreshold }),
      ...(farms && { farms }),
      ...defined({ cacheFolder }),
    },
    scoring,
    choice,
    notes,
    elsewhere,
    ...(shard && { shard }),
    record: (build) => ({
      ...measureRecord({
        engine: { name: engine },
        estimator,
        precision,
        metrics,
        ...draws,
        seed,
        ...defined({ build, bag, minTail, evalsThreshold }),
        ...(farms && { farms }),
      }),
      ...(include && { include }),
      ...(exclude && { exclude }),
      splitFused: reference.splitFused,
      ...defined({ cast: reference.cast }),
    }),
  };
}

/** The choice of the plan, with what other shards measure left out. */
export function selectionOf({ choice, elsewhere, shard }: Plan): Choice {
  return (unit) => {
    const other = elsewhere(unit.name);
    return other === undefined ? choice(unit) : `measured by shard ${other}/${shard!.count}`;
  };
}
