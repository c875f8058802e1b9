/** What a worker does with a job: checks that it may, opens the model, and measures the matrix. */
import { totalmem } from 'node:os';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { memoryGate, type Preparation, roomFor, tool } from '@alphalora/measuring';
import type { MatrixJob } from '../job.js';
import type { Compute } from '../worker.js';
import { allowedModel } from './access.js';
import type { WorkerAnswer } from './answer.js';
import { type ModelSettings, openModels, type Remote, unitOf } from './models.js';
import { checkedOptions } from './options.js';
import { type TimeLimit, timeLimit } from './time-limit.js';

export interface ComputingOptions {
  /** Folders that jobs may read from, beside the hub. */
  roots: readonly string[];
  /** Matrices at once. @default the number of processors */
  jobs?: number;
  /** Bytes that they may take together. @default 80 % of the machine's memory */
  maxMemory?: number;
  /** Seconds that a matrix may take. @default an hour, and more for a large matrix */
  jobTimeout?: number;
  /** Folder where spectra are kept; absent: none are kept, none used. */
  cache?: string;
  remote?: Remote;
  /** What each thread that measures does first. */
  preparation?: Preparation;
  /** Is told why spectra could not be kept, for each matrix. */
  onNotKept?: (why: string) => void;
}

export function createCompute(options: Omit<ComputingOptions, 'jobs'> & { jobs: number }): {
  compute: Compute;
  close(): Promise<void>;
} {
  const { roots, jobs, jobTimeout, cache: cacheFolder, remote, onNotKept } = options;
  const { preparation } = options;
  const maxMemory = options.maxMemory ?? 0.8 * totalmem();
  const { version } = tool();
  const models = openModels(jobs, remote);
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
    const settings: ModelSettings = {
      ...checkedOptions(job.options),
      model: await allowedModel(job.model, roots),
      ...(job.adapter !== undefined && { adapter: await allowedModel(job.adapter, roots) }),
      ...defined({ cacheFolder, preparation }),
      version,
      memoryShare: maxMemory / jobs,
    };
    return models.use(settings, { content: job.content, signal }, async (model) => {
      const unit = unitOf(model, job);
      limit.pause();
      const release = await roomFor(unit, { ...settings, gate, maxMemory }, signal);
      try {
        limit.restart(unit);
        const { measurement, digest, found, notKept } = await model.measurer.measure(unit, {
          signal,
          onProgress,
        });
        if (notKept !== undefined) onNotKept?.(notKept);
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
