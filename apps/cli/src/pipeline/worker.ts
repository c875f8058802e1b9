/** A worker thread: one solver for its whole life, one matrix at a time. */

import { workerData } from 'node:worker_threads';
import { type ErrorCode, type ErrorDetails, isAlphaLoraError } from '@alphalora/contracts';
import { createSolver, type Solution, type Solver, type SolverSettings } from './solver.js';

export interface Task {
  matrix: string;
  /** One Int32: parts per million of the matrix that are done. */
  progress: SharedArrayBuffer;
}

/** An error as it crosses threads; cloning would strip its fields. */
export interface TaskFailure {
  failure: { code: ErrorCode; message: string; details: ErrorDetails };
}

export const PARTS = 1_000_000;

let solver: Promise<Solver> | undefined;

export default async function run(task: Task): Promise<Solution | TaskFailure> {
  const progress = new Int32Array(task.progress);
  try {
    solver ??= createSolver(workerData as SolverSettings);
    return await (await solver).solve(task.matrix, {
      onProgress: (done) => void Atomics.store(progress, 0, Math.round(done * PARTS)),
    });
  } catch (error) {
    if (!isAlphaLoraError(error)) throw error;
    const { code, message, details } = error;
    return { failure: { code, message, details } };
  }
}
