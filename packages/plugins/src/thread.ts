/**
 * The program's side of the worker thread: starts it, passes calls on, and ends it when foreign code
 * takes too long, when the user interrupts, and when everything is done.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { AlphaLoraError } from '@alphalora/contracts';
import { packError, unpackError } from './errors.js';
import type { Calls, Phase, Reply, Request, WorkerSettings } from './protocol.js';

/** A longer timer would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A check that waits for an answer in vain has the same limit, and that is its result. */
const GRACE_MS = 1000;

export interface Thread {
  /**
   * @throws the error of the call; `POLICY_FAILED` when foreign code does not come back in time or
   *   ends the thread, then for every later call too; the reason of the signal once it fires
   */
  call<Name extends keyof Calls>(
    name: Name,
    ...args: Parameters<Calls[Name]>
  ): ReturnType<Calls[Name]>;
  close(): Promise<void>;
}

export interface Limits {
  /** Seconds for each step of foreign code, from when the thread announces it. */
  timeout: number;
  /** What messages call that limit. */
  timeoutName: string;
  signal: AbortSignal;
  /** Is given what foreign code prints. */
  onOutput: (text: string) => void;
}

export function startThread(
  settings: Omit<WorkerSettings, 'port'>,
  { timeout, timeoutName, signal, onOutput }: Limits,
): Thread {
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: { ...settings, port: port2 } satisfies WorkerSettings,
    transferList: [port2],
    // What a policy prints must not mix with the result.
    stdout: true,
    stderr: true,
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding('utf8').on('data', onOutput);
  }

  let phase: Phase = { subject: 'the policies', loading: true };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: { resolve(value: never): void; reject(reason: unknown): void } | undefined;
  /** Why the thread is no more. */
  let end: { reason: unknown } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  port.on('message', (reply: Reply) => {
    clearTimeout(timer);
    if ('phase' in reply) {
      phase = reply.phase;
      timer = setTimeout(late, Math.min(timeout * 1000 + GRACE_MS, LONGEST_TIMER));
    } else if ('failure' in reply) waiting?.reject(unpackError(reply.failure));
    else waiting?.resolve(reply.result as never);
  });
  worker.on('error', (thrown) => {
    const { subject } = phase;
    const cause = unpackError(packError(thrown));
    fail(failure(`${subject} failed outside of what it was asked: ${cause.message}`, cause));
  });
  worker.on('exit', () => {
    const when = phase.loading ? 'while it was loaded' : 'instead of answering';
    fail(
      failure(
        `${phase.subject} ended the thread that it runs in ${when}; does it call process.exit?`,
      ),
    );
  });
  signal.addEventListener('abort', interrupted);

  return {
    call(name, ...args) {
      const answer = queue.then(() => send({ call: name, args }));
      queue = answer.catch(() => undefined);
      return answer as never;
    },
    async close() {
      signal.removeEventListener('abort', interrupted);
      clearTimeout(timer);
      port.close();
      await worker.terminate();
    },
  };

  async function send(request: Request): Promise<unknown> {
    signal.throwIfAborted();
    if (end) throw end.reason;
    try {
      return await new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        port.postMessage(request);
      });
    } finally {
      waiting = undefined;
    }
  }

  function late(): void {
    const { subject, loading } = phase;
    const what = loading ? 'was not loaded' : 'gave no answer';
    fail(failure(`${subject} ${what} within ${timeout} s; ${timeoutName} allows more`));
    void worker.terminate();
  }

  function interrupted(): void {
    fail(signal.reason);
    void worker.terminate();
  }

  function fail(reason: unknown): void {
    clearTimeout(timer);
    end ??= { reason };
    waiting?.reject(end.reason);
  }
}

function failure(message: string, cause?: unknown): AlphaLoraError {
  return new AlphaLoraError('POLICY_FAILED', message, cause === undefined ? {} : { cause });
}
