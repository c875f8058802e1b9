import { expect, it } from 'vitest';
import { makespan } from './schedule.js';

const units = (...all: Array<[seconds: number, memory?: number]>) =>
  all.map(([seconds, memory = 1]) => ({ seconds, memory }));

// Counted by hand: where each begins as soon as a thread is free.
it.each([
  ['no units', units(), 2, 0],
  ['one after another', units([3], [2], [1]), 1, 6],
  ['side by side', units([3], [2], [1]), 2, 3],
  ['the last one keeps all waiting', units([4], [4], [4]), 2, 8],
  ['more threads than units', units([4], [3]), 8, 4],
  // 6 of 10 bytes leave no room for another like it: 3, then 3, then the small ones.
  ['units that share no memory', units([3, 6], [3, 6], [1], [1]), 2, 7],
])('%s', (_, given, threads, expected) => {
  expect(makespan(given, { threads, maxMemory: 10 })).toBe(expected);
});
