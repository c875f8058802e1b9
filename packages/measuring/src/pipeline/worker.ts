/** A worker thread: one measurer for its whole life, one unit at a time. */

import { workerData } from 'node:worker_threads';
import { type ErrorCode, type ErrorDetails, isAlphaLoraError } from '@alphalora/contracts';
import { createMeasurer, type Measured, type Measurer, type MeasurerSettings } from './measurer.js';

export interface Task {
  unit: string;
  /** One Int32: parts per million of the unit that are done. */
  progress: SharedArrayBuffer;
}

/** An error as it crosses threads; cloning would strip its fields. */
export interface TaskFailure {
  failure: { code: ErrorCode; message: string; details: ErrorDetails };
}

export const PARTS = 1_000_000;

let measurer: Promise<Measurer> | undefined;

export default async function run(task: Task): Promise<Measured | TaskFailure> {
  const progress = new Int32Array(task.progress);
  try {
    measurer ??= createMeasurer(workerData as MeasurerSettings);
    return await (await measurer).measure(task.unit, {
      onProgress: (done) => void Atomics.store(progress, 0, Math.round(done * PARTS)),
    });
  } catch (error) {
    if (!isAlphaLoraError(error)) throw error;
    const { code, message, details } = error;
    return { failure: { code, message, details } };
  }
}
