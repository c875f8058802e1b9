/**
 * The side that works: takes jobs from the queue, has them computed, and returns the results.
 *
 * BullMQ gives each running job a lock that has to be renewed. That happens on this thread, so
 * `compute` must do its work on others; then a busy worker keeps its locks, and one that is dead or
 * frozen loses them, upon which the job goes to somebody else. A worker that finds a lock lost stops
 * the work on it: its answer would be refused.
 */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import { reasonOf } from '@alphalora/contracts/weights';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { QueueAddress } from './address.js';
import { connect, connectionOptions } from './connection.js';
import { jobKey, type MatrixJob, parseJob } from './job.js';
import { MAX_TAKEOVERS, reasonInWords } from './reasons.js';

export interface ComputeControl {
  /** Aborted when the worker stops or the job has gone to another one. */
  signal: AbortSignal;
  /** @param part of the work that is done, from 0 to 1 */
  onProgress: (part: number) => void;
}

/**
 * Does the work of a job, off the main thread. The result has to survive JSON.
 *
 * An error with the code `NO_SPECTRUM` or `UNSUPPORTED_CHECKPOINT` is the matrix's own and final;
 * after any other the job is tried again, here or elsewhere.
 */
export type Compute = (job: MatrixJob, control: ComputeControl) => Promise<unknown>;

/** What happens to a worker, for those who watch it. */
export type WorkerEvent =
  | { kind: 'started'; job: MatrixJob }
  | { kind: 'done'; job: MatrixJob; seconds: number }
  | { kind: 'failed'; job: MatrixJob; reason: string; final: boolean }
  | { kind: 'returned'; job: MatrixJob }
  | { kind: 'lost'; job: MatrixJob }
  | { kind: 'notice'; text: string };

export interface QueueWorkerOptions {
  address: QueueAddress;
  compute: Compute;
  /** Jobs at once. @default 1 */
  concurrency?: number;
  /** Shown in the queue's status, e.g. host and process. */
  name?: string;
  /** Seconds that a worker may be silent before its jobs go to others. @default 30 */
  lockSeconds?: number;
  /** Stops by itself after so many seconds without a job. */
  idleSeconds?: number;
  onEvent?: (event: WorkerEvent) => void;
}

export interface QueueWorker {
  /** Resolves when the worker has stopped. */
  readonly stopped: Promise<void>;
  /** Stops: what is running goes back to the front of the queue, without counting as an attempt. */
  stop(): Promise<void>;
}

const PROGRESS_MS = 2000;

/** @throws AlphaLoraError `IO_FAILED` when the server cannot be reached or refuses the credentials */
export async function startWorker(options: QueueWorkerOptions): Promise<QueueWorker> {
  const { address, compute, concurrency = 1, name, lockSeconds = 30, idleSeconds } = options;
  const report = options.onEvent ?? (() => undefined);
  const connection = await connect(address, (text) => report({ kind: 'notice', text }));
  const stopping = new AbortController();
  let running = 0;
  let idleSince = Date.now();

  // BullMQ passes a signal to functions of three parameters.
  async function work(bull: Job, token?: string, lost?: AbortSignal): Promise<unknown> {
    const job = acceptedJob(bull);
    const started = performance.now();
    report({ kind: 'started', job });
    running++;
    try {
      const signal = AbortSignal.any([lost!, stopping.signal]);
      const result = await compute(job, { signal, onProgress: progressOf(bull) });
      // A computation that ignores the signal must not answer for a job that is another's.
      lost!.throwIfAborted();
      report({ kind: 'done', job, seconds: (performance.now() - started) / 1000 });
      return result;
    } catch (error) {
      if (lost!.aborted) report({ kind: 'lost', job });
      else if (stopping.signal.aborted) {
        await bull.moveToWait(token);
        report({ kind: 'returned', job });
        throw new WaitingError();
      } else {
        const final = isFinal(error) || bull.attemptsMade + 1 >= (bull.opts.attempts ?? 1);
        const reason = messageOf(error);
        report({ kind: 'failed', job, reason, final });
        // What it says of the matrix goes into a document.
        if (final) throw new UnrecoverableError(reason);
      }
      throw error;
    } finally {
      running--;
      idleSince = Date.now();
    }
  }

  const worker = new Worker(address.name, work, {
    connection: connectionOptions(address),
    concurrency,
    lockDuration: 1000 * lockSeconds,
    stalledInterval: 1000 * lockSeconds,
    maxStalledCount: MAX_TAKEOVERS,
    // A fetch that failed with the connection is repeated soon after it is back.
    runRetryDelay: 1000,
    ...defined({ name }),
  });
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id, 'its lock is lost');
  });
  worker.on('failed', (bull, error) => {
    // Jobs that ended several workers are failed without being started once more.
    if (bull && /stalled/.test(error.message)) {
      const reason = reasonInWords(error.message);
      report({ kind: 'failed', job: bull.data as MatrixJob, reason, final: true });
    }
  });
  // Lost connections are told once, by our own; lost locks as events.
  worker.on('error', () => undefined);

  let stop: Promise<void> | undefined;
  const timer =
    idleSeconds === undefined
      ? undefined
      : setInterval(() => {
          if (running === 0 && Date.now() - idleSince >= 1000 * idleSeconds) void stopNow();
        }, 500);
  const stopped = new Promise<void>((resolve) => {
    worker.once('closed', () => resolve());
  });
  function stopNow(): Promise<void> {
    stop ??= (async () => {
      clearInterval(timer);
      stopping.abort(new DOMException('the worker stops', 'AbortError'));
      await worker.close();
      connection.disconnect();
    })();
    return stop;
  }
  return { stopped, stop: stopNow };
}

/** A job that is what it says: its identity in the queue is that of its content. */
function acceptedJob({ id, data }: Job): MatrixJob {
  try {
    const job = parseJob(data);
    if (jobKey(job) === id) return job;
    throw new AlphaLoraError('INVALID_DOCUMENT', 'not a job of this program: its key is another');
  } catch (error) {
    throw new UnrecoverableError(messageOf(error));
  }
}

/** Tells the queue how far a job is, now and then. */
function progressOf(bull: Job): (part: number) => void {
  let told = Date.now();
  return (part) => {
    const now = Date.now();
    if (now - told < PROGRESS_MS) return;
    told = now;
    bull.updateProgress(part).catch(() => undefined);
  };
}

function isFinal(error: unknown): boolean {
  return isAlphaLoraError(error, 'NO_SPECTRUM', 'UNSUPPORTED_CHECKPOINT');
}

function messageOf(error: unknown): string {
  if (isAlphaLoraError(error)) return reasonOf(error);
  return error instanceof Error ? error.message : String(error);
}
