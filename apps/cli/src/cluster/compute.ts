/** What a worker does with a job: checks that it may, opens the model, and measures the matrix. */
import type { Compute } from '@alphalora/cluster';
import { AlphaLoraError } from '@alphalora/contracts';
import type { MeasurerSettings } from '../pipeline/measurer.js';
import { memoryGate } from '../pipeline/memory-gate.js';
import { roomFor } from '../pipeline/pipeline.js';
import { allowedModel } from './access.js';
import { checkedOptions } from './job.js';
import { openModels, unitOf } from './models.js';

export interface ComputingOptions {
  /** Folders that jobs may read from. */
  roots: readonly string[];
  /** Matrices at once. */
  jobs: number;
  /** Bytes that they may take together. */
  maxMemory: number;
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
  const { roots, jobs, maxMemory, cacheFolder, version, onNotKept } = options;
  const models = openModels(jobs);
  const gate = memoryGate(maxMemory);
  const compute: Compute = async (job, { signal, onProgress }) => {
    if (job.tool !== `alphalora ${version}`) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `asked for by ${job.tool}, but a worker is alphalora ${version}: use one version everywhere`,
      );
    }
    const settings: MeasurerSettings = {
      ...checkedOptions(job.options),
      model: await allowedModel(job.model, roots),
      ...(job.adapter !== undefined && { adapter: await allowedModel(job.adapter, roots) }),
      ...(cacheFolder !== undefined && { cacheFolder }),
      ...{ version, keepBytes: maxMemory / jobs },
    };
    return models.use(settings, job.content, async (model) => {
      const unit = unitOf(model, job);
      const release = await roomFor(unit, { ...settings, gate, maxMemory }, signal);
      try {
        const measured = await model.measurer.measure(unit.name, { signal, onProgress });
        const { measurement, digest, found, notKept } = measured;
        if (notKept !== undefined) onNotKept(notKept);
        return { measurement, digest, found };
      } finally {
        release();
      }
    });
  };
  return { compute, close: () => models.close() };
}
