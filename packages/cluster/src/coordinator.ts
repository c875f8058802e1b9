/**
 * The side that asks: puts jobs on the queue in the given order and hands their results out as they
 * come. A job's key is its content's, so asking again for what is queued, running or done attaches to
 * it: an interrupted run is taken up by asking for the same jobs.
 *
 * Results come with the queue's event stream. The stream is only a messenger: it forgets, and the
 * server may restart. So after every loss of the connection, and now and then, the jobs themselves
 * are looked at; those that are gone are put back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AlphaLoraError } from '@alphalora/contracts';
import { Queue, QueueEvents } from 'bullmq';
import type { QueueAddress } from './address.js';
import { connect, connectionOptions, serverWarnings } from './connection.js';
import { jobKey, MAX_JOB_BYTES, type MatrixJob } from './job.js';
import { reasonInWords } from './reasons.js';

export interface CoordinatorOptions {
  address: QueueAddress;
  /** Ends the waiting; the jobs stay on the queue. */
  signal?: AbortSignal;
  /** How often a job is started before it counts as failed. @default 3 */
  attempts?: number;
  /** Milliseconds before the second attempt; the third waits twice as long. @default 5000 */
  retryDelay?: number;
  /** Milliseconds between looks at the jobs themselves. @default 60000 */
  sweepInterval?: number;
  /** Is told what concerns the whole run: lost connections, settings of the server. */
  onNotice?: (text: string) => void;
}

export interface Answer {
  /** What the worker's `compute` returned, through JSON. */
  result: unknown;
  /** Whether it was there before this run asked for it. */
  known: boolean;
}

export interface Coordinator {
  /**
   * Jobs are started in the order of the calls.
   *
   * @throws AlphaLoraError `ENGINE_FAILED` with the reason when the job has failed for good,
   *   `INVALID_OPTION` for a job of more than 64 kB, `IO_FAILED` when the server refuses jobs; the
   *   signal's reason when aborted
   */
  run(job: MatrixJob, control?: { onProgress?: (part: number) => void }): Promise<Answer>;
  /** How many workers are connected, as far as the server tells. */
  workers(): Promise<number>;
  /** Leaves the jobs as they are. */
  close(): Promise<void>;
}

/** Jobs that one command to the server is about. */
const CHUNK = 500;
/** Seconds that results and failures are kept: a long weekend. */
const KEEP_SECONDS = 72 * 3600;

interface Pending {
  job: MatrixJob;
  key: string;
  /** Whether it is known to be on the queue. */
  sent: boolean;
  promise: Promise<Answer>;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
  onProgress: ((part: number) => void) | undefined;
}

/** @throws AlphaLoraError `IO_FAILED` when the server cannot be reached or refuses the credentials */
export async function openCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { address, signal, attempts = 3, retryDelay = 5000, sweepInterval = 60_000 } = options;
  const notify = options.onNotice ?? (() => undefined);
  signal?.throwIfAborted();
  const client = await connect(address, notify);
  for (const warning of await serverWarnings(client)) notify(`the queue's server: ${warning}`);
  const queue = new Queue(address.name, { connection: client });
  const pending = new Map<string, Pending>();
  const unsent: Pending[] = [];
  let sending = false;
  let ended: unknown;
  const closing = new AbortController();

  const failAll = (error: unknown): void => {
    ended ??= error;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    unsent.length = 0;
  };
  const settle = (key: string, how: (entry: Pending) => void): void => {
    const entry = pending.get(key);
    if (!entry) return;
    pending.delete(key);
    how(entry);
  };
  const succeed = (key: string, result: unknown, known: boolean): void =>
    settle(key, ({ resolve }) => resolve({ result, known }));
  const fail = (key: string, reason: string): void =>
    settle(key, ({ reject }) => reject(new AlphaLoraError('ENGINE_FAILED', reasonInWords(reason))));

  /** Looks at jobs on the server, takes what is done, and adds what is not there. */
  async function look(entries: readonly Pending[], { anew }: { anew: boolean }): Promise<void> {
    const states = await Promise.all(
      entries.map(({ key }) =>
        client.hmget(queue.toKey(key), 'timestamp', 'finishedOn', 'returnvalue', 'failedReason'),
      ),
    );
    const missing: Pending[] = [];
    for (const [i, [added, finished, value, reason]] of states.entries()) {
      const entry = entries[i]!;
      if (added == null) missing.push(entry);
      else if (finished == null) continue;
      else if (value != null) succeed(entry.key, JSON.parse(value), anew);
      else if (anew) {
        // It failed in an earlier run; who asks again has mended something.
        await queue.remove(entry.key);
        missing.push(entry);
      } else fail(entry.key, reason ?? 'failed without a reason');
    }
    await queue.addBulk(missing.map(({ job, key }) => bullJob(job, key)));
    for (const entry of entries) entry.sent = true;
  }

  const bullJob = (job: MatrixJob, key: string) => ({
    name: job.matrix,
    data: job,
    opts: {
      ...{ jobId: key, attempts, backoff: { type: 'exponential', delay: retryDelay } },
      ...{ removeOnComplete: { age: KEEP_SECONDS }, removeOnFail: { age: KEEP_SECONDS } },
      // Traces would tell readers of the queue about files of the workers.
      stackTraceLimit: 0,
    },
  });

  async function send(): Promise<void> {
    if (sending) return;
    sending = true;
    try {
      while (unsent.length > 0) await look(unsent.splice(0, CHUNK), { anew: true });
    } catch (error) {
      failAll(refused(error));
    } finally {
      sending = false;
    }
  }

  async function sweep(): Promise<void> {
    const waiting = [...pending.values()].filter(({ sent }) => sent);
    for (let start = 0; start < waiting.length; start += CHUNK) {
      const chunk = waiting.slice(start, start + CHUNK).filter(({ key }) => pending.has(key));
      await look(chunk, { anew: false });
    }
  }
  const sweepSafely = (): void => void sweep().catch((error) => failAll(refused(error)));

  // From here on, so that nothing falls between the first look at a job and the first event.
  const [last] = await client.xrevrange(queue.toKey('events'), '+', '-', 'COUNT', 1);
  const events = new QueueEvents(address.name, {
    connection: connectionOptions(address),
    autorun: false,
    lastEventId: last?.[0] ?? '0-0',
  });
  events.on('completed', ({ jobId, returnvalue }) => succeed(jobId, returnvalue, false));
  events.on('failed', ({ jobId, failedReason }) => fail(jobId, failedReason));
  events.on('progress', ({ jobId, data }) => {
    if (typeof data === 'number' && data >= 0 && data <= 1) pending.get(jobId)?.onProgress?.(data);
  });
  // What the connection goes through is told by the other one.
  events.on('error', () => undefined);
  queue.on('error', () => undefined);
  const listening = listen(events, closing.signal);

  client.on('ready', sweepSafely);
  const timer = setInterval(sweepSafely, sweepInterval);
  const abort = (): void => failAll(signal!.reason);
  signal?.addEventListener('abort', abort, { once: true });

  return {
    async run(job, { onProgress } = {}) {
      if (ended !== undefined) throw ended;
      if (Buffer.byteLength(JSON.stringify(job)) > MAX_JOB_BYTES) {
        throw new AlphaLoraError('INVALID_OPTION', `the job for ${job.matrix} is over 64 kB`);
      }
      const key = jobKey(job);
      const known = pending.get(key);
      if (known) return known.promise;
      const { promise, resolve, reject } = deferred<Answer>();
      const entry = { job, key, sent: false, promise, resolve, reject, onProgress };
      pending.set(key, entry);
      unsent.push(entry);
      // Calls of the same turn travel together.
      setImmediate(() => void send());
      return promise;
    },
    workers: () => queue.getWorkersCount(),
    async close() {
      closing.abort();
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      client.off('ready', sweepSafely);
      failAll(new AlphaLoraError('IO_FAILED', 'the coordinator is closed'));
      await events.close().catch(() => undefined);
      await listening;
      await queue.close();
      client.disconnect();
    },
  };
}

/** Reads events until the end; an answer that cannot be read is stepped over, the sweep finds it. */
async function listen(events: QueueEvents, closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    try {
      await events.run();
    } catch {
      (events.opts as { lastEventId?: string }).lastEventId = '$';
      await delay(1000, undefined, { signal: closing }).catch(() => undefined);
    }
  }
}

function refused(cause: unknown): AlphaLoraError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new AlphaLoraError('IO_FAILED', `the queue's server refuses: ${said}`, { cause });
}

function deferred<Value>(): {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
  reject: (error: unknown) => void;
} {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
