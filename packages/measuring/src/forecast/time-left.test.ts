import { describe, expect, it } from 'vitest';
import { timeLeft } from './time-left.js';

function clocked(params: { lanes: number; expected?: number }) {
  let time = 0;
  const { lanes, expected } = params;
  const left = timeLeft({ lanes, expected, now: () => time });
  return (
    at: number,
    state: { done: number; total: number; found?: number; remaining?: number },
  ) => {
    time = at;
    return left({ found: 0, remaining: 100, ...state });
  };
}

describe('the time that is left', () => {
  it('comes from what was computed, not from what was found', () => {
    const left = clocked({ lanes: 1 });
    expect(left(10, { done: 90, total: 100, found: 90 })).toBeUndefined();
    // 2 of 100 took 10 seconds: 8 more take 40.
    expect(left(10, { done: 92, total: 100, found: 90 })).toBe(40);
  });

  it('is not known in the first seconds, and not before anything is done', () => {
    const left = clocked({ lanes: 2 });
    expect(left(1, { done: 1, total: 100 })).toBeUndefined();
    expect(left(5, { done: 0, total: 100 })).toBeUndefined();
    expect(left(5, { done: 5, total: 100 })).toBe(95);
  });

  it('begins with what was expected, and leaves it for what is seen', () => {
    // A second of work in a second on each of two threads.
    const left = clocked({ lanes: 2, expected: 1 });
    expect(left(2, { done: 4, total: 104 })).toBe(50);
    expect(left(3, { done: 0, total: 100 })).toBe(80);
    // Half as fast as expected, for a long time.
    expect(left(10_000, { done: 10_000, total: 10_100 })).toBeCloseTo(100, 0);
  });

  it('grows where fewer units are left than are measured at once', () => {
    const left = clocked({ lanes: 4 });
    expect(left(10, { done: 40, total: 60, remaining: 4 })).toBe(5);
    expect(left(10, { done: 40, total: 60, remaining: 1 })).toBe(20);
  });
});
