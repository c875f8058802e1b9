/**
 * The measuring of a whole model: in this thread or in workers, with the matrices in flight kept
 * under a memory limit.
 */
import { availableParallelism, totalmem } from 'node:os';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import {
  farmsUnit,
  type MeasureControl,
  type Measurement,
  needsRandomised,
  operations,
  type SpectralUnit,
} from '@alphalora/htsr-core';
import { engines } from '../engines/index.js';
import { createMeasurer, type Measured, type MeasurerSettings } from './measurer.js';
import { type MemoryGate, memoryGate } from './memory-gate.js';
import { canTravel } from './travel.js';

/** Models of fewer operations than this are done before worker threads have started. */
const WORTH_WORKERS = 5e9;

/** What is to be measured, and who is told of each matrix. */
export interface Work {
  settings: Omit<MeasurerSettings, 'memoryShare'>;
  units: readonly SpectralUnit[];
  onMeasured: (unit: SpectralUnit, measured: Measured) => void;
}

export interface Limits {
  /** Matrices at once. */
  jobs: number;
  /** Bytes that the matrices in flight may take together. */
  maxMemory: number;
}

interface PipelineOptions extends Work, Limits {}

/** Those that are asked for, and otherwise what the machine has. */
export function limitsOf({ jobs, maxMemory }: Partial<Limits>): Limits {
  return { jobs: jobs ?? availableParallelism(), maxMemory: maxMemory ?? 0.8 * totalmem() };
}

export interface Pipeline {
  /** The build of the engine that works here, where there are several. */
  readonly build?: string;
  /** How many units it measures at once. */
  readonly concurrency: number;
  measure(unit: SpectralUnit, control: MeasureControl): Promise<Measurement>;
  close(): Promise<void>;
}

export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { jobs, maxMemory, units, onMeasured } = options;
  const build = await buildOf(options.settings);
  // The threads do not choose anew: all use the one that is written down.
  const settings: MeasurerSettings = {
    ...options.settings,
    ...defined({ build }),
    memoryShare: maxMemory / jobs,
  };
  const alone = isDoneAlone(units, settings);
  const measurer = alone
    ? await createMeasurer(settings)
    : (await import('./pool.js')).createPool(settings, jobs);
  const gate = memoryGate(maxMemory);
  return {
    ...defined({ build }),
    concurrency: alone ? 1 : jobs,
    async measure(unit, control) {
      const release = await roomFor(unit, { ...settings, gate, maxMemory }, control.signal);
      try {
        const measured = await measurer.measure(unit, control);
        onMeasured(unit, measured);
        return measured.measurement;
      } finally {
        release();
      }
    },
    close: () => measurer.close(),
  };
}

/** Whether units are measured in this thread, without workers. */
export function isDoneAlone(
  units: readonly SpectralUnit[],
  settings: Pick<MeasurerSettings, 'farms' | 'preparation'>,
): boolean {
  const work = units.reduce((sum, unit) => sum + operations(sampledUnit(unit, settings)), 0);
  // Code of others goes into threads, which can be ended.
  const worth = work >= WORTH_WORKERS || settings.preparation !== undefined;
  return !worth || !units.every(canTravel);
}

/** What the memory of a matrix depends on, beside its shape. */
type Weighing = Pick<
  MeasurerSettings,
  'engine' | 'precision' | 'metrics' | 'farms' | 'memoryShare'
>;

/**
 * Waits until a unit fits into memory beside those in flight.
 *
 * @returns what gives the memory back
 * @throws AlphaLoraError `ENGINE_FAILED` when it never would
 */
export async function roomFor(
  unit: SpectralUnit,
  settings: Weighing & { gate: MemoryGate; maxMemory: number },
  signal?: AbortSignal,
): Promise<() => void> {
  const { gate, maxMemory } = settings;
  const bytes = memoryOf(unit, settings);
  if (bytes > maxMemory) throw tooLarge(bytes, maxMemory);
  return gate.acquire(bytes, signal);
}

/** The unit as it is decomposed. */
export function sampledUnit(
  unit: SpectralUnit,
  { farms }: Pick<MeasurerSettings, 'farms'>,
): SpectralUnit {
  return farms ? farmsUnit(unit, farms) : unit;
}

/** Estimate of the bytes that a unit takes while it is measured: one of its matrices at a time. */
export function memoryOf(unit: SpectralUnit, settings: Weighing): number {
  const { precision, memoryShare } = settings;
  const { memory } = engines.get(settings.engine);
  const shuffles = needsRandomised(settings.metrics);
  const bytes = sampledUnit(unit, settings).matrices.map((matrix) => {
    const { rows, columns } = matrix;
    return memory(matrix, precision, memoryShare) + (shuffles ? 4 * rows * columns : 0);
  });
  return Math.max(...bytes);
}

/** The build that works here. */
export async function buildOf({
  engine: name,
  build: wanted,
}: Work['settings']): Promise<string | undefined> {
  const engine: SpectralEngine = await engines.get(name).load(wanted);
  const build = await engine.build?.();
  await engine.close?.();
  return build;
}

function tooLarge(bytes: number, limit: number): AlphaLoraError {
  const megabytes = (value: number): string => `${Math.ceil(value / 1e6)} MB`;
  return new AlphaLoraError(
    'ENGINE_FAILED',
    `needs about ${megabytes(bytes)}, more than the limit of ${megabytes(limit)}: ` +
      'raise --max-memory',
  );
}
