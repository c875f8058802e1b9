/** The trials are held to a clock that counts work, so that their results are known. */
import { createReferenceEngine } from '@alphalora/htsr-core';
import { describe, expect, it } from 'vitest';
import { engines } from '../engines/index.js';
import { measureSpeed, type Stopwatch } from './speed.js';

/** Work that was done so far, in elements. */
let elements = 0;
let sides: number[] = [];
engines.add('counting', () => ({
  load: async () => ({
    name: 'counting',
    async singularValues({ rows, columns }) {
      elements += rows * columns;
      sides.push(rows);
      return new Float64Array(Math.min(rows, columns)).fill(1);
    },
  }),
  memory: () => 0,
  work: ({ rows, columns }) => ({ least: rows * columns, most: 3 * rows * columns }),
}));

/** Each element takes so many seconds, and everything else a second. */
function clock(secondsOfElement: number): Stopwatch {
  return () => {
    const before = elements;
    return () => {
      const done = elements - before;
      return done > 0 ? done * secondsOfElement : 1;
    };
  };
}

const settings = {
  engine: 'counting',
  build: 'auto',
  estimator: 'hill',
  metrics: [],
  draws: 100,
} as const;

describe('the speed of a machine', () => {
  it('is the time of the first matrix that takes long enough, over the middle of its work', async () => {
    sides = [];
    const { operation } = await measureSpeed(settings, clock(1e-6));
    // 64^2 elements take 4 ms, 128^2 take 16 ms, 256^2 take 66 ms, which are done again.
    expect(sides).toEqual([64, 128, 256, 256]);
    expect(operation).toBeCloseTo(1e-6 / 2, 12);
  });

  it('of a fast one is that of the largest', async () => {
    sides = [];
    await measureSpeed(settings, clock(1e-9));
    expect(sides).toEqual([64, 128, 256, 384, 384]);
  });

  it('of fits is taken from one, where that takes long', async () => {
    const { eigenvalue } = await measureSpeed(settings, clock(1));
    // A fit and one sample took a second; 100 samples take 101 halves of it, for 512 eigenvalues.
    expect(eigenvalue).toBeCloseTo(101 / 2 / 512, 12);
    const { eigenvalue: alone } = await measureSpeed({ ...settings, draws: 0 }, clock(1));
    expect(alone).toBeCloseTo(1 / 512, 12);
    // One fit, four of the bag, and four for each draw, of which the trial has one.
    const { eigenvalue: bagged } = await measureSpeed({ ...settings, bag: 4 }, clock(1));
    expect(bagged).toBeCloseTo(405 / 9 / 512, 12);
  });

  it('of an engine that counts no operations is over those of a decomposition', async () => {
    engines.add('silent', () => ({
      load: async () => createReferenceEngine(),
      memory: () => 0,
    }));
    const { operation } = await measureSpeed({ ...settings, engine: 'silent' }, () => () => 7);
    expect(operation).toBeCloseTo(7 / ((1 + 4 / 3) * 64 ** 3), 12);
  });
});
