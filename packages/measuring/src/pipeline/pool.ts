/**
 * Measurers in worker threads. A worker is told where the bytes of a unit lie, and reads them straight
 * into its engine's memory; only descriptions and measured numbers cross threads.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { Piscina } from 'piscina';
import type { Measured, Measurer, MeasurerSettings } from './measurer.js';
import { plainUnit } from './travel.js';
import { PARTS, type Task, type TaskFailure } from './worker.js';

const POLL_MS = 100;
/** What a thread that reads from the network throws away is collected sooner with so little room. */
const YOUNG_MB = 4;

/** A measurer of units from files that works on up to `jobs` units at once. Aborting one ends its thread. */
export function createPool(settings: MeasurerSettings, jobs: number): Measurer {
  const pool = new Piscina<Task, Measured | TaskFailure>({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: jobs,
    // A thread that waits for the next matrix keeps its engine and its open files.
    idleTimeout: 10_000,
    workerData: settings,
    ...(settings.access.remote && { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } }),
  });
  return {
    async measure(unit, { signal, onProgress } = {}) {
      const progress = new SharedArrayBuffer(4);
      const parts = new Int32Array(progress);
      const report = (): void => onProgress?.(Atomics.load(parts, 0) / PARTS);
      const poll = setInterval(report, POLL_MS);
      try {
        const answer = await pool.run(
          { unit: plainUnit(unit), progress },
          signal ? { signal } : {},
        );
        if (!('failure' in answer)) return answer;
        const { code, message, details } = answer.failure;
        throw new AlphaLoraError(code, message, { details });
      } finally {
        clearInterval(poll);
      }
    },
    close: () => pool.destroy(),
  };
}
