import { createReferenceEngine, type SpectralUnit } from '@alphalora/htsr-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../engines/index.js';
import { createTracker } from './progress.js';

engines.add('quiet', () => ({ load: async () => createReferenceEngine(), memory: () => 0 }));

/** Nothing of them is read. */
function unitOf(name: string, side: number): SpectralUnit {
  const read = async () => new Float32Array(0);
  const matrix = { name, rows: side, columns: side, dtype: 'F32', read } as const;
  return { name, shape: [side, side], dtype: 'F32', kind: 'projection', matrices: [matrix] };
}
const settings = {
  ...({ access: {}, engine: 'quiet', build: 'auto', precision: 'auto', version: '0' } as const),
  ...{ estimator: 'hill', metrics: [], draws: 50, seed: 0 },
};

async function tracked(side: number) {
  let time = 0;
  const unit = unitOf('m', side);
  const tracker = await createTracker([unit], settings, {
    ...{ lanes: 1, isHere: true, now: () => time },
  });
  const parts: number[] = [];
  const control = tracker.control(unit, { onProgress: (part) => parts.push(part) });
  const state = { total: tracker.work(unit), finished: 0, count: 1, name: 'm' };
  return {
    tracker,
    unit,
    /** What is made of a part that is reported at a time. */
    at(seconds: number, part: number) {
      time = seconds;
      control.onProgress!(part);
      const done = parts.at(-1)! * state.total;
      return { part: parts.at(-1)!, ...tracker.report({ ...state, done }) };
    },
  };
}

describe('the progress of an analysis', () => {
  it('of a short one is in operations, as the engine reports it', async () => {
    const { tracker, unit, at } = await tracked(100);
    expect(tracker.work(unit)).toBeCloseTo((1 + 4 / 3) * 100 ** 3, 3);
    expect(at(60, 0)).toEqual({ part: 0, found: 0 });
    expect(at(70, 0.5)).toMatchObject({ part: 0.5, secondsLeft: 70 });
    tracker.found(unit, (1 + 4 / 3) * 100 ** 3);
    expect(at(80, 1).found).toBeCloseTo(tracker.work(unit), 3);
  });

  it('of a long one leaves room for what follows the spectrum', async () => {
    const { tracker, unit, at } = await tracked(3000);
    const { part } = at(1, 1);
    expect(part).toBeLessThan(1);
    expect(part).toBeGreaterThan(0.9);
    tracker.found(unit, Number.MAX_VALUE);
    // A cache saves the spectrum only.
    expect(at(1, 1).found / tracker.work(unit)).toBeCloseTo(part, 9);
  });

  it('goes by the clock where an engine says nothing, until it says something', async () => {
    const { at } = await tracked(3000);
    expect(at(1, 0)).toEqual({ part: 0, found: 0 });
    const [first, second, late] = [at(10, 0), at(20, 0), at(1e7, 0)];
    for (const each of [first, second, late]) expect(each.estimated).toBe(true);
    expect(first.part).toBeGreaterThan(0);
    expect(second.part).toBeGreaterThan(first.part);
    expect(late.part).toBeLessThanOrEqual(1);
    // It does not go back.
    const told = at(1e7 + 1, 0.2);
    expect(told).not.toHaveProperty('estimated');
    expect(told.part).toBe(late.part);
  });
});
