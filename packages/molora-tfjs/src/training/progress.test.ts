import { describe, expect, it } from 'vitest';
import { type Progress, progressMeter } from './progress.js';

/** Steps of given milliseconds, with as many tokens and pause after each as given. */
function run(steps: ReadonlyArray<readonly [busy: number, pause: number, tokens: number]>) {
  let clock = 5000;
  const meter = progressMeter(() => clock);
  const seen: Progress[] = [];
  steps.forEach(([busy, pause, tokens], i) => {
    meter.stepBegins();
    clock += busy;
    seen.push(meter.stepEnds(tokens, steps.length - i - 1));
    clock += pause;
  });
  return seen;
}

describe('progress', () => {
  it('of the first step is all there is', () => {
    const [first] = run([
      [500, 0, 100],
      [500, 0, 100],
      [500, 0, 100],
    ]);
    expect(first).toEqual({ tokensPerSecond: 200, secondsLeft: 1 });
  });

  it('forgets the slow first step', () => {
    const third = run([
      [9000, 0, 100],
      [500, 0, 100],
      [500, 0, 100],
      [500, 0, 100],
    ])[2];
    expect(third).toEqual({ tokensPerSecond: 200, secondsLeft: 0.5 });
  });

  it('counts pauses into the time left, not into the speed', () => {
    const last = run([
      [100, 900, 10],
      [100, 900, 10],
      [100, 900, 10],
      [100, 0, 10],
      [1, 1, 1],
    ])[3];
    expect(last).toEqual({ tokensPerSecond: 100, secondsLeft: 1 });
  });

  it('looks at the last twenty steps', () => {
    const slow = Array.from({ length: 30 }, () => [1000, 0, 10] as const);
    const fast = Array.from({ length: 30 }, () => [100, 0, 10] as const);
    expect(run([...slow, ...fast]).at(-1)).toEqual({ tokensPerSecond: 100, secondsLeft: 0 });
    expect(run([...slow, ...fast])[48]!.secondsLeft).toBeCloseTo(1.1, 12);
  });

  it('is finite on a clock that stands still', () => {
    const [first] = run([
      [0, 0, 10],
      [0, 0, 10],
    ]);
    expect(first).toEqual({ tokensPerSecond: 100_000, secondsLeft: 0 });
  });
});
