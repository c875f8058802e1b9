/**
 * When and how long to wait before the next attempt: exponential backoff with full jitter, or what the
 * server asks for by `Retry-After` (RFC 9110, section 10.2.3) or `RateLimit` (the hub's, after
 * draft-ietf-httpapi-ratelimit-headers).
 */
import { AlphaLoraError } from '@alphalora/contracts';

export interface RetryOptions {
  /** Attempts in a row that bring nothing before it gives up. @default 6 */
  attempts?: number;
  /** Milliseconds that the first wait may take; each further one up to twice as long. @default 500 */
  backoff?: number;
  /** Longest wait in milliseconds that a server may ask for. @default 300_000 */
  longestWait?: number;
  /** Draws the jitter from [0, 1). @default Math.random */
  random?: () => number;
  /** Called before a wait with its milliseconds and its reason. */
  onWait?: (wait: number, reason: string) => void;
}

const LONGEST_BACKOFF = 30_000;

/** A failure that another attempt may get over. */
export class PassingFailure extends Error {
  /** Milliseconds that the server wants to be left alone. */
  readonly retryAfter: number | undefined;

  constructor(message: string, options: { retryAfter?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfter = options.retryAfter;
  }
}

/**
 * Repeats an operation while it fails in passing.
 *
 * @param operation calls `progressed` when it has got further: then failures are counted anew
 * @param what for the message, e.g. `cannot read <url>`
 * @throws AlphaLoraError `IO_FAILED` with the last failure; whatever else the operation throws
 */
export async function withRetries<Result>(
  operation: (progressed: () => void) => Promise<Result>,
  what: string,
  options: RetryOptions,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { attempts = 6, backoff = 500, longestWait = 300_000, random = Math.random } = options;
  let failures = 0;
  for (;;) {
    try {
      return await operation(() => {
        failures = 0;
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PassingFailure)) throw error;
      failures++;
      const { retryAfter } = error;
      if (failures >= attempts || (retryAfter ?? 0) > longestWait) {
        throw new AlphaLoraError('IO_FAILED', `${what}: ${finalWords(error, failures)}`, {
          cause: error.cause ?? error,
        });
      }
      const jittered = random() * Math.min(LONGEST_BACKOFF, backoff * 2 ** (failures - 1));
      const wait = Math.max(retryAfter ?? 0, jittered);
      options.onWait?.(wait, error.message);
      await sleep(wait, signal);
    }
  }
}

function finalWords({ message, retryAfter }: PassingFailure, failures: number): string {
  const wait = retryAfter && `the server wants ${Math.ceil(retryAfter / 1000)} s of pause`;
  const times = failures > 1 ? `, ${failures} times in a row` : '';
  return `${message}${times}; ${wait ? `${wait}: try again then` : 'check the connection and try again'}`;
}

/** @returns milliseconds, undefined where the server asks for nothing */
export function askedWait(headers: Headers, now: number): number | undefined {
  const after = headers.get('retry-after')?.trim();
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  const date = Date.parse(after ?? '');
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const [, left, seconds] = /;\s*r=(\d+)\s*;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '') ?? [];
  return left === '0' ? Number(seconds) * 1000 : undefined;
}

/** Rejects with the signal's reason when aborted. */
async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
