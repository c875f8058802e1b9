/**
 * The models that a worker has open, each with threads of its own. Jobs of one run follow one
 * another, so the last few stay open; those that nobody has used for longest are closed.
 */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import type { SpectralUnit } from '@alphalora/htsr-core';
import {
  createPool,
  type Measurer,
  type MeasurerSettings,
  type ModelReference,
  measurableUnits,
  openModel as openAnyModel,
  type RemoteSettings,
} from '@alphalora/measuring';
import { layoutOf } from './options.js';
import { unlessAborted } from './time-limit.js';

/** What is to be opened, and how it is to be measured. */
export type ModelSettings = Omit<MeasurerSettings, 'access'> & ModelReference;

export interface OpenModel {
  /** Of the weights' headers; see `layoutOf`. */
  readonly layout: string;
  readonly units: ReadonlyMap<string, SpectralUnit>;
  readonly measurer: Measurer;
}

export interface Models {
  /**
   * @param job.content tells apart models that have been at the same place one after the other
   * @param job.signal ends the waiting for a model that does not open
   */
  use<Result>(
    settings: ModelSettings,
    job: { content: string; signal: AbortSignal },
    work: (model: OpenModel) => Promise<Result>,
  ): Promise<Result>;
  close(): Promise<void>;
}

/** Open models that nobody uses. */
const MOST_IDLE = 2;

interface Entry {
  model: Promise<OpenModel>;
  /** Ends the opening of the model. */
  opening: AbortController;
  users: number;
}

/** How a hub is reached; asked for with each model that is on one. */
export type Remote = () => Promise<RemoteSettings>;

/** @param jobs threads for each model */
export function openModels(jobs: number, remote?: Remote): Models {
  // In the order of their last use.
  const entries = new Map<string, Entry>();
  return {
    async use(settings, { content, signal }, work) {
      const key = JSON.stringify([settings, content]);
      const entry = entries.get(key) ?? newEntry((stop) => openModel(settings, jobs, stop, remote));
      entries.delete(key);
      entries.set(key, entry);
      entry.users++;
      try {
        const model = await unlessAborted(entry.model, signal).catch((error) => {
          // The next job tries anew.
          if (entries.get(key) === entry) entries.delete(key);
          throw error;
        });
        return await work(model).catch((error) => {
          // Its files may have been replaced since they were opened.
          if (isAlphaLoraError(error, 'IO_FAILED') && entries.get(key) === entry)
            entries.delete(key);
          throw error;
        });
      } finally {
        entry.users--;
        if (entry.users === 0 && entries.get(key) !== entry) void close(entry);
        const idle = [...entries].filter(([, { users }]) => users === 0);
        for (const [name, each] of idle.slice(0, -MOST_IDLE)) {
          entries.delete(name);
          await close(each);
        }
      }
    },
    async close() {
      await Promise.all([...entries.values()].map(close));
    },
  };
}

async function close({ model, opening }: Entry): Promise<void> {
  opening.abort(new DOMException('the model is not needed any more', 'AbortError'));
  await model.then(
    ({ measurer }) => measurer.close(),
    () => undefined,
  );
}

function newEntry(open: (signal: AbortSignal) => Promise<OpenModel>): Entry {
  const opening = new AbortController();
  return { model: open(opening.signal), opening, users: 0 };
}

/** Reads the headers only; the threads open the files that they read. */
async function openModel(
  settings: ModelSettings,
  jobs: number,
  signal: AbortSignal,
  remote?: Remote,
): Promise<OpenModel> {
  const { model, adapter, splitFused, cast, ...others } = settings;
  const opened = await openAnyModel(model, {
    splitFused,
    signal,
    ...defined({ cast, adapter, remote }),
  });
  const { checkpoint, access } = opened;
  try {
    return {
      layout: layoutOf(checkpoint),
      units: new Map(measurableUnits(checkpoint.tensors).map((unit) => [unit.name, unit])),
      measurer: createPool({ ...others, access }, jobs),
    };
  } finally {
    await opened.close();
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
