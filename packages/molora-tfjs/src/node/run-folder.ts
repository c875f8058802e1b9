/**
 * A training run on disk, such that it can be killed at any moment and goes on from its last
 * checkpoint:
 *
 * - `training_state.safetensors`, all that the run needs to go on: one file, replaced by renaming,
 *   so that it is always the whole of one step;
 * - `adapter_model.safetensors` and `adapter_config.json`, what the run is for; replaced before the
 *   state, so that the state of the last step is there only when the adapter is;
 * - `run.json`, how far the run is, why it ended, and which step the adapter is of; replaced with it;
 * - `metrics.jsonl`, a line a step, cut back to the step that the run resumes from.
 *
 * One process at a time may write to a folder, see `lockFolder`.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fileError,
  readIfPresent,
  statIfPresent,
  writeFileAtomic,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdapterFiles } from '../adapters/files.js';
import type { Best } from '../training/best.js';
import type { StepReport } from '../training/callbacks.js';
import {
  formatLine,
  formatMetrics,
  type MetricsLine,
  metricsLength,
  parseMetrics,
} from '../training/metrics.js';
import {
  parseTrainingState,
  serializeTrainingState,
  type TrainingState,
} from '../training/training-state.js';
import { lockFolder } from './folder-lock.js';

export interface RunFolder {
  readonly path: string;
  /** The last checkpoint; absent when the run begins. */
  readonly state?: TrainingState;
  /** Of the steps up to the last checkpoint. */
  readonly recorded: readonly MetricsLine[];
  /** Appends a line to metrics.jsonl. */
  record(report: StepReport): Promise<void>;
  /** Adds an evaluation to the line of the last checkpoint's step. */
  recordEvaluation(evaluation: Readonly<Record<string, number>>): Promise<void>;
  /** Writes a checkpoint: on disk, not only in the system's memory, when the promise resolves. */
  save(state: TrainingState, adapter?: AdapterFiles, summary?: RunSummary): Promise<void>;
  /** Lets other processes into the folder. */
  close(): Promise<void>;
}

/** What run.json says. */
export interface RunSummary {
  /** Steps done, and of how many. */
  step: number;
  steps: number;
  /** Why the run ended: all steps are done, the validation loss got no better, or it was interrupted; absent while it runs. */
  stopped?: 'all-steps' | 'early-stopping' | 'interrupted';
  /** The step that the adapter is of. */
  adapterStep: number;
  /** The lowest validation loss, where the best is kept. */
  best?: Best;
}

const ADAPTER = 'adapter_model.safetensors';
const STATE = 'training_state.safetensors';

/**
 * Makes the folder if need be, or opens it where an earlier run stopped.
 *
 * @param resume goes on from the checkpoint in the folder, or begins when there is none yet; without
 *   it, a folder with a checkpoint or an adapter is refused. @default false
 * @throws AlphaLoraError `INVALID_OPTION` when another run is at work in the folder, or when there is
 *   a checkpoint or an adapter and no wish to go on, `INVALID_CHECKPOINT` when the checkpoint is
 *   damaged, `IO_FAILED` when the folder cannot be read or written
 */
export async function openRunFolder(
  path: string,
  { resume = false }: { resume?: boolean } = {},
): Promise<RunFolder> {
  const lock = await writing(path, () => lockFolder(path));
  try {
    const folder = await openLocked(path, resume);
    return { ...folder, close: () => folder.close().finally(lock.release) };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(path: string, resume: boolean): Promise<RunFolder> {
  const state = await reading(join(path, STATE), (bytes, file) => parseTrainingState(bytes, file));
  if (state && !resume) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${path} holds a training run, at step ${state.step} of ${state.settings.steps}: resume it, or train into another folder`,
      { details: { file: path } },
    );
  }
  // Not of a run that can go on: it was downloaded, or is one of the experts that are to be combined.
  if (!state && !resume && (await statIfPresent(join(path, ADAPTER)))) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${path} holds an adapter, which training would replace: train into another folder`,
      { details: { file: path } },
    );
  }
  const file = join(path, 'metrics.jsonl');
  const kept = await reading(file, async (bytes) => {
    const text = Buffer.from(bytes).toString('latin1');
    return text.slice(0, metricsLength(text, state?.step ?? 0));
  });
  const metrics = await writing(file, async () => {
    const handle = await open(file, 'a');
    await handle.truncate(kept?.length ?? 0);
    return handle;
  });
  return {
    path,
    ...(state && { state }),
    recorded: parseMetrics(kept ?? ''),
    record: (report) => writing(file, () => metrics.appendFile(formatMetrics(report))),
    recordEvaluation: (evaluation) =>
      writing(file, async () => {
        const lines = (kept ?? '').split(/(?<=\n)/);
        const [last] = parseMetrics(lines.pop() ?? '');
        if (last === undefined) return;
        await metrics.truncate(lines.join('').length);
        await metrics.appendFile(formatLine({ ...last, evaluation }));
      }),
    async save(state, adapter, summary) {
      // A state never stands for steps whose metrics are lost.
      await writing(file, () => metrics.datasync());
      if (adapter) {
        await writeFileAtomic(join(path, ADAPTER), adapter.weights);
        await writeFileAtomic(join(path, 'adapter_config.json'), adapter.config);
      }
      if (summary) {
        await writeFileAtomic(join(path, 'run.json'), `${JSON.stringify(summary, null, 2)}\n`);
      }
      await writeFileAtomic(join(path, STATE), serializeTrainingState(state));
    },
    close: () => metrics.close(),
  };
}

/** @returns undefined when there is no such file */
async function reading<T>(
  path: string,
  read: (bytes: Uint8Array, file: string) => Promise<T>,
): Promise<T | undefined> {
  const bytes = await readIfPresent(path);
  return bytes && read(bytes, path);
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw fileError(cause, path, 'write');
  }
}
