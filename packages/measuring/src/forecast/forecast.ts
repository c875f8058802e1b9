/**
 * What an analysis will be, from headers alone: which matrices, how much work, how long on this
 * machine, how much memory, and what is in the cache already.
 */
import { defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import {
  describe,
  operations,
  spectralUnits,
  unaskedReason,
  unfitReason,
} from '@alphalora/htsr-core';
import type { AnalyzeModelOptions } from '../analyze-model.js';
import type { OpenedModel } from '../models/open.js';
import { buildOf, isDoneAlone, limitsOf, memoryOf, sampledUnit } from '../pipeline/pipeline.js';
import { type Plan, planned, selectionOf } from '../plan.js';
import { prepare } from '../preparation.js';
import { tool } from '../version.js';
import { unitCost } from './cost.js';
import { knownSpectra } from './known.js';
import { expectedMemory } from './memory.js';
import { makespan, type ScheduledUnit } from './schedule.js';
import { speedOf } from './speed.js';

export interface ForecastMatrix extends WeightDescription {
  /** Floating-point operations. */
  operations: number;
  /** Whether its spectrum is in the cache; absent where that is not known before it is read. */
  cached?: boolean;
}

export interface Forecast {
  /** Those that would be measured, the largest work first. */
  matrices: ForecastMatrix[];
  /** Warnings that the document would have: patterns that match no weight. */
  notes: string[];
  /** Weights that would not be, by reason. */
  skipped: Array<{ reason: string; count: number }>;
  /** Floating-point operations in all. */
  operations: number;
  /** Threads that work at once. */
  threads: number;
  /** Between which two this machine takes, as busy as it is now; what comes over a network is not in it. */
  seconds: { least: number; most: number };
  /** Bytes that the process takes at its peak. */
  memory: number;
}

/** Seconds beside the work: the program starts, and so do threads. */
const START = { alone: 0.2, threads: 0.6 } as const;
/** By how much a forecast is off where nothing disturbs it. */
const LEEWAY = { least: 0.85, most: 1.2 } as const;

/**
 * Forecasts `analyzeModel` with the same options. Reads no weights; how fast the machine is, a third of
 * a second of work tells.
 *
 * @throws AlphaLoraError `NOT_FOUND` for unknown names, `INVALID_OPTION` for options out of range
 */
export async function forecastModel(
  model: OpenedModel,
  options: AnalyzeModelOptions = {},
): Promise<Forecast> {
  const { cache: cacheFolder, preparation } = options;
  await prepare(preparation);
  const { version } = tool();
  const plan = await planned(model, options, { version, cacheFolder });
  const build = await buildOf(plan.settings);
  const limits = limitsOf(options);
  const settings = {
    ...plan.settings,
    ...defined({ build, preparation }),
    memoryShare: limits.maxMemory / limits.jobs,
  };
  const units = plan.units
    .map((unit) => ({ unit, operations: operations(sampledUnit(unit, settings)) }))
    .sort((a, b) => b.operations - a.operations);
  const alone = isDoneAlone(plan.units, settings);
  const threads = alone ? 1 : Math.max(1, Math.min(limits.jobs, units.length));

  const speed = await speedOf(settings);
  const isKnown = await knownSpectra(model, settings);
  const matrices: ForecastMatrix[] = [];
  const [least, most] = [[] as ScheduledUnit[], [] as ScheduledUnit[]];
  for (const { unit, operations } of units) {
    const cached = await isKnown(unit);
    const { spectrum, rest } = unitCost(unit, settings, speed);
    const memory = memoryOf(unit, settings);
    least.push({ seconds: rest + (cached ? 0 : spectrum.least), memory });
    most.push({ seconds: rest + (cached ? 0 : spectrum.most), memory });
    matrices.push({ ...describe(unit), operations, ...defined({ cached }) });
  }
  const start = alone ? START.alone : START.threads;
  const schedule = { threads, maxMemory: limits.maxMemory };
  return {
    matrices,
    notes: [...plan.notes],
    skipped: skippedBy(model, plan),
    operations: units.reduce((sum, unit) => sum + unit.operations, 0),
    threads,
    seconds: {
      least: LEEWAY.least * (start + makespan(least, schedule)),
      most: LEEWAY.most * (start + makespan(most, schedule)),
    },
    memory: expectedMemory(plan.units, settings, threads),
  };
}

/** The weights that are left out, counted by reason. */
function skippedBy({ checkpoint }: OpenedModel, plan: Plan): Forecast['skipped'] {
  const select = selectionOf(plan);
  const counts = new Map<string, number>();
  const skip = (reason: string): void => void counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const weight of checkpoint.tensors) {
    const unfit = unfitReason(weight);
    if (unfit !== undefined) {
      skip(unfit);
      continue;
    }
    for (const unit of spectralUnits(weight)) {
      const choice = select(unit) ?? unaskedReason(unit) ?? true;
      if (choice !== true) skip(choice);
    }
  }
  return [...counts].map(([reason, count]) => ({ reason, count }));
}
