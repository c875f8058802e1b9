/**
 * Solvers in worker threads. A worker opens the checkpoint itself and reads a matrix straight into
 * its engine's memory; only names and spectra cross threads.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { Piscina } from 'piscina';
import type { Solution, Solver, SolverSettings } from './solver.js';
import { PARTS, type Task, type TaskFailure } from './worker.js';

const POLL_MS = 100;

/** A solver that works on up to `jobs` matrices at once. Aborting one ends its thread. */
export function createPool(settings: SolverSettings, jobs: number): Solver {
  const pool = new Piscina<Task, Solution | TaskFailure>({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: jobs,
    // A thread that waits for the next matrix keeps its engine and its open files.
    idleTimeout: 10_000,
    workerData: settings,
  });
  return {
    async solve(matrix, { signal, onProgress } = {}) {
      const progress = new SharedArrayBuffer(4);
      const parts = new Int32Array(progress);
      const report = (): void => onProgress?.(Atomics.load(parts, 0) / PARTS);
      const poll = setInterval(report, POLL_MS);
      try {
        const answer = await pool.run({ matrix, progress }, signal ? { signal } : {});
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
