/**
 * Tokens per second and time left, over a sliding window of steps: the first step compiles kernels
 * and fills caches, and would spoil a mean over the whole run.
 */

export interface Progress {
  /** Of the steps alone: what happens between them does not count. */
  readonly tokensPerSecond: number;
  /** Until the last step, with all that happened between the steps: evaluations, checkpoints. */
  readonly secondsLeft: number;
}

export interface ProgressMeter {
  stepBegins(): void;
  /** @param stepsLeft after this one */
  stepEnds(tokens: number, stepsLeft: number): Progress;
}

/** Steps that the rates are taken from. */
const WINDOW = 20;

/** Milliseconds; the clocks of browsers may stand still that long. */
const CLOCK_RESOLUTION = 0.1;

/** @param now a clock in milliseconds */
export function progressMeter(now: () => number): ProgressMeter {
  const ended: Array<{ begin: number; end: number; tokens: number }> = [];
  let begin = 0;
  return {
    stepBegins() {
      begin = now();
    },
    stepEnds(tokens, stepsLeft) {
      ended.push({ begin, end: now(), tokens });
      if (ended.length > WINDOW) ended.shift();
      // The first step of all counts only as long as there is no other.
      const seen = ended.length === 1 ? ended : ended.slice(1);
      const busy = seen.reduce((sum, step) => sum + step.end - step.begin, 0);
      const since = ended.length === 1 ? ended[0]!.begin : ended[0]!.end;
      const each = (ended.at(-1)!.end - since) / seen.length;
      const total = seen.reduce((sum, step) => sum + step.tokens, 0);
      return {
        tokensPerSecond: (1000 * total) / Math.max(busy, CLOCK_RESOLUTION),
        secondsLeft: (each * stepsLeft) / 1000,
      };
    },
  };
}
