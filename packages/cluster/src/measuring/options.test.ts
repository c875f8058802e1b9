import { describe, expect, it } from 'vitest';
import { checkedOptions, jobOptions } from './options.js';

const options = {
  splitFused: false,
  cast: 'float16',
  engine: 'wasm',
  build: 'simd',
  precision: 'auto',
  estimator: 'hill',
  tail: 5,
  metrics: ['stable_rank'],
  bootstrap: 200,
  seed: 0,
  farms: { rows: 2000, ratio: 1, windows: 10 },
};

describe('the options of a job', () => {
  it('are what changes numbers, not what is the business of a machine', () => {
    const settings = { ...options, model: '/m', version: '1', cacheFolder: '/c' } as never;
    expect(jobOptions(settings)).toEqual(options);
    const { tail, farms, ...few } = options;
    expect(checkedOptions(JSON.parse(JSON.stringify(few)))).toEqual(few);
  });

  it.each([
    ['engine', './evil.mjs'],
    ['build', '../x.wasm'],
    ['precision', 'f16'],
    ['cast', 'float8'],
    ['estimator', 7],
    ['tail', 0],
    ['tail', 1.5],
    ['metrics', 'all'],
    ['metrics', Array.from({ length: 201 }, () => 'alpha')],
    ['bootstrap', 1e9],
    ['seed', -1],
    ['farms', { rows: 1, ratio: 1, windows: 1 }],
    ['farms', { rows: 2, ratio: 1, windows: 257 }],
    ['farms', { rows: 2, ratio: 1, windows: 1, extra: 1 }],
    ['cacheFolder', '/etc'],
    ['model', '/etc'],
  ])('are refused with %s = %j', (key, value) => {
    expect(() => checkedOptions({ ...options, [key]: value })).toThrow(/an option of the job/);
  });
});
