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

export interface RunControl {
  onProgress?: (part: number) => void;
  check?: (result: unknown) => void;
}

export interface Coordinator {
  /**
   * Jobs are started in the order of the calls.
   *
   * @param control.check throws when a result is no answer to the job. That counts as an attempt that
   *   failed: the job is given out again, as often as attempts are left
   * @throws AlphaLoraError `ENGINE_FAILED` with the reason when the job has failed for good,
   *   `INVALID_OPTION` for a job of more than 64 kB, `IO_FAILED` when the server refuses jobs; the
   *   signal's reason when aborted
   */
  run(job: MatrixJob, control?: RunControl): Promise<Answer>;
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
  /** Results that were no answer. */
  refused: number;
  isRefusing: boolean;
  promise: Promise<Answer>;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
  control: RunControl;
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
  const failRefused = (error: unknown): void => failAll(refused(error));
  const settle = (key: string, how: (entry: Pending) => void): void => {
    const entry = pending.get(key);
    if (!entry) return;
    pending.delete(key);
    how(entry);
  };
  const succeed = (key: string, result: unknown, known: boolean): void => {
    const entry = pending.get(key);
    const fault = entry && faultOf(result, entry.control);
    if (entry && fault !== undefined) void refuseResult(entry, fault).catch(failRefused);
    else settle(key, ({ resolve }) => resolve({ result, known }));
  };
  const fail = (key: string, reason: unknown): void =>
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
      else if (value != null) succeed(entry.key, parsed(value), anew);
      else if (anew) {
        // It failed in an earlier run; who asks again has mended something.
        await queue.remove(entry.key);
        missing.push(entry);
      } else fail(entry.key, reason);
    }
    await queue.addBulk(missing.map(bullJob));
    for (const entry of entries) entry.sent = true;
  }

  /** Takes a result that is no answer off the server, and gives the job out again. */
  async function refuseResult(entry: Pending, fault: string): Promise<void> {
    const { key, job } = entry;
    if (entry.isRefusing) return;
    entry.isRefusing = true;
    try {
      const [finished, by] = await client.hmget(queue.toKey(key), 'finishedOn', 'pb');
      // Another run that waits for it was faster.
      if (finished == null) return;
      entry.refused++;
      const isLast = entry.refused >= attempts;
      const next = isLast ? 'it counts as failed' : 'it is given out again';
      const who = by == null ? 'a worker' : `worker ${reasonInWords(by)}`;
      notify(`${who} sent a wrong answer for ${job.matrix}: ${fault}; ${next}`);
      await queue.remove(key);
      if (isLast) fail(key, `${fault} (${entry.refused} wrong answers)`);
      else await queue.addBulk([bullJob(entry)]);
    } finally {
      entry.isRefusing = false;
    }
  }

  const bullJob = ({ job, key, refused: wrong }: Pending) => ({
    name: job.matrix,
    data: job,
    opts: {
      jobId: key,
      attempts: attempts - wrong,
      backoff: { type: 'exponential', delay: retryDelay },
      // Somebody else may be free by then.
      ...(wrong > 0 && { delay: retryDelay * 2 ** (wrong - 1) }),
      removeOnComplete: { age: KEEP_SECONDS },
      removeOnFail: { age: KEEP_SECONDS },
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
      failRefused(error);
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
  const sweepSafely = (): void => void sweep().catch(failRefused);

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
    if (typeof data === 'number' && data >= 0 && data <= 1)
      pending.get(jobId)?.control.onProgress?.(data);
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
    async run(job, control = {}) {
      if (ended !== undefined) throw ended;
      if (Buffer.byteLength(JSON.stringify(job)) > MAX_JOB_BYTES) {
        throw new AlphaLoraError('INVALID_OPTION', `the job for ${job.matrix} is over 64 kB`);
      }
      const key = jobKey(job);
      const known = pending.get(key);
      if (known) return known.promise;
      const { promise, resolve, reject } = deferred<Answer>();
      const state = { sent: false, refused: 0, isRefusing: false };
      const entry = { job, key, control, ...state, promise, resolve, reject };
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

/** What does not even parse is no answer to anything. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why a result is no answer; undefined when it is one. */
function faultOf(result: unknown, { check }: RunControl): string | undefined {
  try {
    check?.(result);
    return undefined;
  } catch (error) {
    return reasonInWords(error instanceof Error ? error.message : String(error));
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
