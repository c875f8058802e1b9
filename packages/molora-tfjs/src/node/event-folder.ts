/**
 * The curves of a run for TensorBoard: a folder with event files, one for each process that worked on the
 * run. Where a run resumes, a new file says from which step on what the earlier ones have no longer counts.
 */
import { mkdir, open, readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileError } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { StepReport } from '../training/callbacks.js';
import { type MetricsLine, metricsLine } from '../training/metrics.js';
import {
  evaluationEvent,
  restartEvent,
  stepEvent,
  textEvent,
  versionEvent,
} from '../training/tensorboard/events.js';

export interface EventFolder {
  record(report: StepReport): Promise<void>;
  /** Of an evaluation that the record of its step has not. */
  recordEvaluation(step: number, evaluation: Readonly<Record<string, number>>): Promise<void>;
  close(): Promise<void>;
}

const PREFIX = 'events.out.tfevents.';

/**
 * @param resume whether the run that the folder is for goes on, so that there may be files of it
 * @throws AlphaLoraError `INVALID_OPTION` where the folder has the curves of another run, on which those
 *   of a new one would lie; `IO_FAILED` where it cannot be read
 */
export async function checkEventFolder(folder: string, resume: boolean): Promise<void> {
  if (resume || (await eventFiles(folder)).length === 0) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${folder} holds the TensorBoard events of another run: name a folder for this run, such as ${join(folder, 'run-2')}`,
    { details: { file: folder } },
  );
}

export interface EventFolderOptions {
  /** Of the steps that the run has done; written where the folder has no events of it yet. */
  recorded: readonly MetricsLine[];
  /** What the run is, in Markdown. */
  settings: string;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

/**
 * Begins a file of events in the folder, which is made if need be.
 *
 * @throws AlphaLoraError `IO_FAILED` where it cannot be written
 */
export async function openEventFolder(
  folder: string,
  { recorded, settings, now = Date.now }: EventFolderOptions,
): Promise<EventFolder> {
  const written = await eventFiles(folder);
  const seconds = (): number => now() / 1000;
  // Files are read in the order of their names.
  const latest = Math.max(0, ...written.map((name) => Number(/\d+/.exec(name)?.[0] ?? 0)));
  const second = Math.max(Math.floor(seconds()), latest + 1);
  const path = join(folder, `${PREFIX}${second}.${hostname()}.${process.pid}.0`);
  const done = recorded.at(-1)?.step ?? 0;
  const file = await writing(path, async () => {
    await mkdir(folder, { recursive: true });
    return open(path, 'wx');
  });
  const append = (...events: Uint8Array[]) =>
    writing(path, async () => {
      for (const event of events) await file.appendFile(event);
    });
  const at = seconds();
  await append(
    versionEvent(at),
    ...(written.length > 0
      ? [restartEvent(at, done + 1)]
      : recorded.map((line) => stepEvent(at, line))),
    textEvent(at, done, 'settings', settings),
  ).catch(async (error) => {
    await file.close();
    throw error;
  });
  return {
    record: (report) => append(stepEvent(seconds(), metricsLine(report))),
    recordEvaluation: (step, evaluation) => append(evaluationEvent(seconds(), step, evaluation)),
    close: () => file.close(),
  };
}

async function eventFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.startsWith(PREFIX));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, folder, 'read');
  }
}

async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw fileError(cause, path, 'write');
  }
}
