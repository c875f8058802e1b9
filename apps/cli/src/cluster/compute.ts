/** What a worker does with a job: checks that it may, opens the model, and measures the matrix. */
import type { Compute, MatrixJob } from '@alphalora/cluster';
import { AlphaLoraError } from '@alphalora/contracts';
import { type MeasurerSettings, memoryGate, roomFor } from '@alphalora/measuring';
import { allowedModel } from './access.js';
import type { WorkerAnswer } from './answer.js';
import { checkedOptions } from './job.js';
import { openModels, unitOf } from './models.js';
import { type TimeLimit, timeLimit } from './time-limit.js';

export interface ComputingOptions {
  /** Folders that jobs may read from. */
  roots: readonly string[];
  /** Matrices at once. */
  jobs: number;
  /** Bytes that they may take together. */
  maxMemory: number;
  /** Seconds that a matrix may take; see `timeLimit`. */
  jobTimeout?: number;
  cacheFolder?: string;
  /** Of this program. */
  version: string;
  /** Is told why spectra could not be kept. */
  onNotKept: (why: string) => void;
}

export function createCompute(options: ComputingOptions): {
  compute: Compute;
  close(): Promise<void>;
} {
  const { roots, jobs, maxMemory, jobTimeout, cacheFolder, version, onNotKept } = options;
  const models = openModels(jobs);
  const gate = memoryGate(maxMemory);
  async function measured(
    job: MatrixJob,
    limit: TimeLimit,
    onProgress: (part: number) => void,
  ): Promise<WorkerAnswer> {
    if (job.tool !== `alphalora ${version}`) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `asked for by ${job.tool}, but a worker is alphalora ${version}: use one version everywhere`,
      );
    }
    const { signal } = limit;
    const settings: MeasurerSettings = {
      ...checkedOptions(job.options),
      model: await allowedModel(job.model, roots),
      ...(job.adapter !== undefined && { adapter: await allowedModel(job.adapter, roots) }),
      ...(cacheFolder !== undefined && { cacheFolder }),
      ...{ version, memoryShare: maxMemory / jobs },
    };
    return models.use(settings, { content: job.content, signal }, async (model) => {
      const unit = unitOf(model, job);
      limit.pause();
      const release = await roomFor(unit, { ...settings, gate, maxMemory }, signal);
      try {
        limit.restart(unit);
        const { measurement, digest, found, notKept } = await model.measurer.measure(unit.name, {
          signal,
          onProgress,
        });
        if (notKept !== undefined) onNotKept(notKept);
        return { matrix: unit.name, measurement, digest, found };
      } finally {
        release();
      }
    });
  }
  const compute: Compute = (job, { signal, onProgress }) => {
    const limit = timeLimit(signal, jobTimeout);
    limit.restart();
    return limit.over(measured(job, limit, onProgress));
  };
  return { compute, close: () => models.close() };
}
