/**
 * The spectral engine that the commands use: a solver in this thread or in workers, with the
 * matrices in flight kept under a memory limit.
 */
import { AlphaLoraError, type Matrix, type SpectralEngine } from '@alphalora/contracts';
import { memoryGate } from './memory-gate.js';
import { createSolver, requireEngine, type Solution, type SolverSettings } from './solver.js';

/** Models of fewer operations than this are done before worker threads have started. */
const WORTH_WORKERS = 5e9;

export interface EngineOptions {
  settings: Omit<SolverSettings, 'keepBytes'>;
  /** Matrices at once. */
  jobs: number;
  /** Bytes that the matrices in flight may take together. */
  maxMemory: number;
  /** Estimate of the bytes that one matrix takes. */
  memoryOf: (matrix: Matrix) => number;
  /** Operations of all matrices. */
  work: number;
  onSolution: (matrix: Matrix, solution: Solution) => void;
}

export async function createPipelineEngine(options: EngineOptions): Promise<SpectralEngine> {
  const { jobs, maxMemory, memoryOf, work, onSolution } = options;
  const build = await buildOf(options.settings);
  // The threads do not choose anew: all use the one that is written down.
  const settings = {
    ...options.settings,
    ...(build !== undefined && { build }),
    keepBytes: maxMemory / jobs,
  };
  const solver =
    work < WORTH_WORKERS
      ? await createSolver(settings)
      : (await import('./pool.js')).createPool(settings, jobs);
  const gate = memoryGate(maxMemory);
  return {
    name: settings.engine,
    ...(build !== undefined && { build: async () => build }),
    concurrency: work < WORTH_WORKERS ? 1 : jobs,
    async singularValues(matrix, { signal, onProgress, onPrecision } = {}) {
      const bytes = memoryOf(matrix);
      if (bytes > maxMemory) throw tooLarge(bytes, maxMemory);
      const release = await gate.acquire(bytes, signal);
      try {
        const solution = await solver.solve(matrix.name, { signal, onProgress });
        onSolution(matrix, solution);
        onPrecision?.(solution.precision);
        return solution.singularValues;
      } finally {
        release();
      }
    },
    close: () => solver.close(),
  };
}

/** The build that works here. */
async function buildOf({
  engine: name,
  build: wanted,
}: EngineOptions['settings']): Promise<string | undefined> {
  const engine = await requireEngine(name).load(wanted);
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
