/**
 * How far an analysis is: by work, in seconds of a thread where the analysis is long enough that its
 * speed is found out first, and in floating-point operations otherwise.
 */
import { defined } from '@alphalora/contracts';
import {
  type AnalysisProgress,
  type MeasureControl,
  operations,
  type SpectralUnit,
} from '@alphalora/htsr-core';
import type { ModelProgress } from '../model-progress.js';
import type { MeasurerSettings } from '../pipeline/measurer.js';
import { sampledUnit } from '../pipeline/pipeline.js';
import { type CostSettings, expected, unitCost } from './cost.js';
import { type Speed, speedOf } from './speed.js';
import { timeLeft } from './time-left.js';

/** Work, in the unit of the progress. */
interface Work {
  spectrum: number;
  /** The spectrum and everything after it. */
  total: number;
}

export interface Tracker {
  /** How much a unit is of the whole. */
  work(unit: SpectralUnit): number;
  /** What a unit's measurer is given, so that its spectrum counts as a part of it. */
  control(unit: SpectralUnit, control: MeasureControl): MeasureControl;
  /** @param operations of the unit whose results were found */
  found(unit: SpectralUnit, operations: number): void;
  report(progress: AnalysisProgress): Pick<ModelProgress, 'found' | 'secondsLeft' | 'estimated'>;
}

/** Seconds for which a unit may say nothing of how far it is. */
const PATIENCE = 2;

const steadySeconds = (): number => performance.now() / 1000;

/** Operations from which on an analysis takes much longer than to find out how fast it will be. */
const WORTH_KNOWING = 2e10;

export async function createTracker(
  units: readonly SpectralUnit[],
  settings: Omit<MeasurerSettings, 'memoryShare'>,
  { lanes, isHere, now = steadySeconds }: { lanes: number; isHere: boolean; now?: () => number },
): Promise<Tracker> {
  const all = units.reduce((sum, unit) => sum + operations(sampledUnit(unit, settings)), 0);
  const speed = isHere && all >= WORTH_KNOWING ? await speedOf(settings) : undefined;
  const works = new Map(units.map((unit) => [unit.name, workOf(unit, settings, speed)]));
  const of = ({ name }: SpectralUnit): Work => works.get(name)!;
  const left = timeLeft({ lanes, expected: speed && 1, now });
  let found = 0;
  /** Units of which nothing was reported yet, so that the clock tells. */
  const silent = new Set<string>();
  return {
    work: (unit) => of(unit).total,
    control(unit, { onProgress, ...others }) {
      const { spectrum, total } = of(unit);
      if (!onProgress) return others;
      const began = now();
      let most = 0;
      return {
        ...others,
        onProgress(part) {
          const waited = part === 0 && speed !== undefined ? now() - began : 0;
          if (waited > PATIENCE) silent.add(unit.name);
          else silent.delete(unit.name);
          // Nears the end, and never gets there.
          const guess = waited > PATIENCE ? 1 - Math.exp((PATIENCE - waited) / total) : 0;
          most = Math.max(most, guess, part);
          onProgress((most * spectrum) / total);
        },
      };
    },
    found(unit, operationsFound) {
      const share = operationsFound / operations(sampledUnit(unit, settings));
      found += Math.min(1, share) * of(unit).spectrum;
    },
    report({ done, total, finished, count, name }) {
      const secondsLeft = left({ done, total, found, remaining: count - finished });
      return { found, ...defined({ secondsLeft }), ...(silent.has(name) && { estimated: true }) };
    },
  };
}

function workOf(unit: SpectralUnit, settings: CostSettings, speed: Speed | undefined): Work {
  if (speed === undefined) {
    const total = operations(unit);
    return { spectrum: total, total };
  }
  const cost = unitCost(unit, settings, speed);
  const total = expected(cost);
  return { spectrum: total - cost.rest, total };
}
