/**
 * The models that a worker has open, each with threads of its own. Jobs of one run follow one
 * another, so the last few stay open; those that nobody has used for longest are closed.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { SpectralUnit } from '@alphalora/htsr-core';
import { openModel as openAnyModel } from '../models/open.js';
import { type Measurer, type MeasurerSettings, measurableUnits } from '../pipeline/measurer.js';
import { createPool } from '../pipeline/pool.js';
import { layoutOf } from './job.js';

export interface OpenModel {
  /** Of the weights' headers; see `layoutOf`. */
  readonly layout: string;
  readonly units: ReadonlyMap<string, SpectralUnit>;
  readonly measurer: Measurer;
}

export interface Models {
  /**
   * @param content tells apart models that have been at the same place one after the other
   */
  use<Result>(
    settings: MeasurerSettings,
    content: string,
    work: (model: OpenModel) => Promise<Result>,
  ): Promise<Result>;
  close(): Promise<void>;
}

/** Open models that nobody uses. */
const MOST_IDLE = 2;

interface Entry {
  model: Promise<OpenModel>;
  users: number;
}

/** @param jobs threads for each model */
export function openModels(jobs: number): Models {
  // In the order of their last use.
  const entries = new Map<string, Entry>();
  const closeEntry = async (key: string, { model }: Entry): Promise<void> => {
    entries.delete(key);
    await model.then(
      ({ measurer }) => measurer.close(),
      () => undefined,
    );
  };
  return {
    async use(settings, content, work) {
      const key = JSON.stringify([settings, content]);
      const entry = entries.get(key) ?? { model: openModel(settings, jobs), users: 0 };
      entries.delete(key);
      entries.set(key, entry);
      entry.users++;
      let model: OpenModel;
      try {
        model = await entry.model;
      } catch (error) {
        // The next job tries anew.
        if (entries.get(key) === entry) entries.delete(key);
        throw error;
      }
      try {
        return await work(model);
      } finally {
        entry.users--;
        const idle = [...entries].filter(([, { users }]) => users === 0);
        for (const each of idle.slice(0, -MOST_IDLE)) await closeEntry(...each);
      }
    },
    async close() {
      await Promise.all([...entries].map((each) => closeEntry(...each)));
    },
  };
}

/** Reads the headers only; the threads open the model for themselves. */
async function openModel(settings: MeasurerSettings, jobs: number): Promise<OpenModel> {
  const { model, adapter, splitFused } = settings;
  const checkpoint = await openAnyModel(model, { splitFused, ...(adapter && { adapter }) });
  try {
    return {
      layout: layoutOf(checkpoint),
      units: new Map(measurableUnits(checkpoint.tensors).map((unit) => [unit.name, unit])),
      measurer: createPool(settings, jobs),
    };
  } finally {
    await checkpoint.close();
  }
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT` when it is not the model that the job is about */
export function unitOf(
  { layout, units }: OpenModel,
  job: { layout: string; matrix: string; model: string },
): SpectralUnit {
  const unit = units.get(job.matrix);
  if (layout === job.layout && unit) return unit;
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${job.model} on this machine is not the model that was asked about: copy it again`,
  );
}
