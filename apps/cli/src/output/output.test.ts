import type { Analysis } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { omissions } from './notes.js';
import { bytes, downloadLine, duration, progressLine } from './progress.js';

describe('progress', () => {
  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [185, '3:05'],
    [7800, '2:10:00'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('is silent where there is no terminal', () => {
    const written: string[] = [];
    const line = progressLine({ write: (text) => written.push(text) });
    line.update({ done: 1, total: 2, finished: 1, count: 2, name: 'm' }, 0);
    line.clear();
    expect(written).toEqual([]);
  });

  it('forecasts from what was computed, not from what was found', () => {
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 200 };
    let time = 0;
    const line = progressLine(output, () => time);
    const state = { total: 100, finished: 9, count: 10, name: 'm' };
    time = 1000;
    line.update({ ...state, done: 90 }, 90);
    expect(written.at(-1)).not.toContain('left');
    time = 10_000;
    line.update({ ...state, done: 92 }, 90);
    // 2 of 100 took 10 seconds: 8 more take 40.
    expect(written.at(-1)).toContain('40 s left');
  });

  it.each([
    [40_000, '0.0 MB'],
    [2_340_000, '2.3 MB'],
    [810_200_000, '810 MB'],
    [13_480_000_000, '13.5 GB'],
  ])('%d bytes are %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it('counts what came over the network', () => {
    const written: string[] = [];
    const line = progressLine({ write: (text) => written.push(text), isTTY: true, columns: 80 });
    const state = { done: 1, total: 2, finished: 1, count: 2, name: 'm' };
    line.update({ ...state, finished: 2 }, 0, 810_200_000);
    expect(written[0]).toContain('2/2 matrices  810 MB received  ');
  });

  it('of a download forecasts from what came in this run', () => {
    const written: string[] = [];
    let time = 0;
    const output = { write: (text: string) => written.push(text), isTTY: true, columns: 80 };
    const line = downloadLine(output, () => time);
    line.update({ file: 'm.safetensors', done: 5e9, total: 10e9 });
    expect(written.at(-1)).toMatch(/downloading m.safetensors {2}5.0 GB of 10.0 GB$/);
    time = 10_000;
    line.update({ file: 'm.safetensors', done: 6e9, total: 10e9 });
    // A fifth of the missing half took 10 seconds.
    expect(written.at(-1)).toMatch(/6.0 GB of 10.0 GB {2}40 s left$/);
  });

  it('fits one line of a terminal', () => {
    const written: string[] = [];
    const line = progressLine({ write: (text) => written.push(text), isTTY: true, columns: 40 });
    line.update({ done: 1, total: 2, finished: 1, count: 2, name: 'n'.repeat(100) }, 0);
    expect(written[0]).toContain('50 %  1/2 matrices');
    expect(written[0]!.replace('\r\x1b[K', '').length).toBeLessThan(40);
  });
});

const analysis: Analysis = {
  schemaVersion: 1,
  kind: 'analysis',
  tool: { name: 'alphalora', version: '1' },
  model: { source: 'm', blocks: 1 },
  options: { estimator: 'hill', aggregate: 'mean', engine: 'wasm' },
  matrices: [
    { name: 'a', shape: [4], dtype: 'F32', status: 'skipped', reason: 'not a matrix' },
    { name: 'b', shape: [4], dtype: 'F32', status: 'skipped', reason: 'not a matrix' },
    { name: 'c', shape: [4, 4], dtype: 'F32', status: 'failed', reason: 'contains NaN' },
  ],
  blocks: [],
  timings: { seconds: 1 },
};

describe('what was left out', () => {
  it('names failures one by one and counts the rest by reason', () => {
    expect(omissions(analysis)).toBe('failed: c: contains NaN\nskipped: 2 × not a matrix\n');
    expect(omissions({ ...analysis, matrices: [] })).toBe('');
  });
});
