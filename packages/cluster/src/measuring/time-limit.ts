/**
 * The time that a job may take. A file or a disk that never answers must not hold a worker for ever:
 * its lock would be renewed for as long, and nobody else would get the job.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { operations, type SpectralUnit } from '@alphalora/htsr-core';

/** Enough for opening a model, and for reading a matrix over a slow connection with its retries. */
const LEAST_SECONDS = 3600;
/** Operations a second of an engine so slow that something must be wrong. */
const SLOWEST = 1e8;

export interface TimeLimit {
  /** Aborted when the time is over, or the job's own signal is. */
  readonly signal: AbortSignal;
  /** Begins to count anew, for the opening of a model or for a matrix. */
  restart(unit?: SpectralUnit): void;
  /** Stops counting: what the job waits for now is not its own doing. */
  pause(): void;
  /**
   * The result of the work, unless the signal is aborted before: then its reason is thrown, whether
   * the work has come to rest or never will.
   */
  over<Result>(work: Promise<Result>): Promise<Result>;
}

/** @param seconds for opening and for a matrix; by default an hour, and more for a large matrix */
export function timeLimit(outer: AbortSignal, seconds?: number): TimeLimit {
  const end = new AbortController();
  const signal = AbortSignal.any([outer, end.signal]);
  let timer: NodeJS.Timeout | undefined;
  const pause = (): void => clearTimeout(timer);
  return {
    signal,
    pause,
    restart(unit) {
      pause();
      const limit = seconds ?? Math.ceil(LEAST_SECONDS + (unit ? operations(unit) : 0) / SLOWEST);
      timer = setTimeout(() => end.abort(tooLong(limit)), 1000 * limit);
    },
    async over(work) {
      try {
        return await unlessAborted(work, signal);
      } catch (error) {
        // Whoever was aborted may say so in words of his own.
        throw end.signal.aborted && !outer.aborted ? end.signal.reason : error;
      } finally {
        pause();
      }
    },
  };
}

/** The result, or the signal's reason as soon as it is aborted, whatever becomes of the work. */
export async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function tooLong(seconds: number): AlphaLoraError {
  return new AlphaLoraError(
    'ENGINE_FAILED',
    `took longer than ${seconds} s, the time limit for a matrix: is its file readable? --job-timeout of the worker raises the limit`,
  );
}
