/**
 * A worker thread: one measurer and one reader of weights for its whole life, one unit at a time. It
 * opens the files that hold its units, and no others.
 */

import { workerData } from 'node:worker_threads';
import { type WeightReader, weightReader } from '@alphalora/checkpoint';
import { type ErrorCode, type ErrorDetails, isAlphaLoraError } from '@alphalora/contracts';
import { fileOpener } from '../sources/file.js';
import { createMeasurer, type Measured, type Measurer, type MeasurerSettings } from './measurer.js';
import { type PlainUnit, unitAgain } from './travel.js';

export interface Task {
  unit: PlainUnit;
  /** One Int32: parts per million of the unit that are done. */
  progress: SharedArrayBuffer;
}

/** An error as it crosses threads; cloning would strip its fields. */
export interface TaskFailure {
  failure: { code: ErrorCode; message: string; details: ErrorDetails };
}

export const PARTS = 1_000_000;

let measurer: Promise<Measurer> | undefined;
let reader: WeightReader | undefined;

export default async function run(task: Task): Promise<Measured | TaskFailure> {
  const progress = new Int32Array(task.progress);
  try {
    const settings = workerData as MeasurerSettings;
    measurer ??= createMeasurer(settings);
    reader ??= weightReader({ open: fileOpener(settings.access) });
    return await (await measurer).measure(await unitAgain(task.unit, reader), {
      onProgress: (done) => void Atomics.store(progress, 0, Math.round(done * PARTS)),
    });
  } catch (error) {
    if (!isAlphaLoraError(error)) throw error;
    const { code, message, details } = error;
    return { failure: { code, message, details } };
  }
}
