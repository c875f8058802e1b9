/** A worker that measures: takes matrices from a queue, and answers for them. */
import { availableParallelism } from 'node:os';
import { type QueueWorker, type QueueWorkerOptions, startWorker } from '../worker.js';
import { type ComputingOptions, createCompute } from './compute.js';

export interface MeasuringWorkerOptions
  extends ComputingOptions,
    Omit<QueueWorkerOptions, 'compute' | 'concurrency'> {}

/** @throws AlphaLoraError `IO_FAILED` when the server cannot be reached or refuses the credentials */
export async function startMeasuringWorker(options: MeasuringWorkerOptions): Promise<QueueWorker> {
  const { jobs = availableParallelism(), ...others } = options;
  const { compute, close } = createCompute({ ...others, jobs });
  const worker = await startWorker({ ...others, compute, concurrency: jobs });
  const stopped = worker.stopped.finally(close);
  return {
    stopped,
    async stop() {
      await worker.stop();
      await stopped;
    },
  };
}
