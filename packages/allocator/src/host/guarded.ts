/**
 * Runs what a policy brings along so that it cannot spoil more than its own answer: what it throws
 * becomes an error that names it, and a promise that never settles is given up after a time.
 *
 * A loop that never returns cannot be ended from within its own thread; programs that load policies
 * of others run the host in a worker.
 */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';

/** A longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface Guard {
  /** Name of the policy. */
  name: string;
  /** In milliseconds. */
  timeout: number;
  /** Of the caller: ends the wait with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * @param work gets a signal that fires when nobody waits for it any more
 * @throws the caller's reason where its signal fires; otherwise AlphaLoraError: the policy's own
 *   `INVALID_OPTION` or `INFEASIBLE_BUDGET`, and `POLICY_FAILED` for everything else
 */
export async function guarded<Value>(
  work: (signal: AbortSignal) => Value | PromiseLike<Value>,
  { name, timeout, signal }: Guard,
): Promise<Value> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: (() => void) | undefined;
  const given = new Promise<never>((_, reject) => {
    abort = () => reject(signal!.reason);
    signal?.addEventListener('abort', abort);
    timer = setTimeout(
      () => {
        reject(
          new AlphaLoraError(
            'POLICY_FAILED',
            `policy ${name} gave no answer within ${timeout} ms`,
            {
              details: { policy: name, timeout },
            },
          ),
        );
      },
      Math.min(timeout, LONGEST_TIMER),
    );
  });
  // Wrapped at once: whatever comes from outside keeps its identity as such.
  const asked = (async () => work(ended.signal))().catch((cause: unknown) => {
    throw failure(name, cause);
  });
  try {
    return await Promise.race([asked, given]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort!);
    ended.abort();
  }
}

function failure(policy: string, cause: unknown): AlphaLoraError {
  const details = { policy };
  if (isAlphaLoraError(cause, 'INVALID_OPTION', 'INFEASIBLE_BUDGET')) {
    return cause.message.includes(policy)
      ? cause
      : new AlphaLoraError(cause.code, `policy ${policy}: ${cause.message}`, { details, cause });
  }
  const words = cause instanceof Error ? cause.message : inWords(cause);
  return new AlphaLoraError('POLICY_FAILED', `policy ${policy} failed: ${words}`, {
    details,
    cause,
  });
}

/** Anything can be thrown, also what has no text. */
function inWords(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'it threw something that has no text';
  }
}
