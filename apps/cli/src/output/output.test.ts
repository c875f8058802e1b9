import type { Analysis } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { omissions } from './notes.js';
import { downloadLine, progressLine } from './progress.js';

const state = { done: 1, total: 2, finished: 1, count: 2, name: 'm', found: 0, received: 0 };

function recorder(columns: number, colors = false) {
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text), isTTY: true, columns };
  return { written, output: { ...output, hasColors: () => colors } };
}

describe('progress', () => {
  it('is a bar by work, with the time that is left', () => {
    const { written, output } = recorder(100);
    const line = progressLine(output);
    line.update({ ...state, done: 30, total: 100, finished: 9, count: 10, secondsLeft: 185 });
    expect(written).toEqual([
      `\r\x1b[K${'█'.repeat(6)}${'░'.repeat(14)}   30 %   9/10 matrices  3:05 left  m`,
    ]);
    line.clear();
    expect(written.at(-1)).toBe('\r\x1b[K');
  });

  it('has colors where the terminal has some', () => {
    const { written, output } = recorder(100, true);
    progressLine(output).update(state);
    expect(written[0]).toContain(`\x1b[36m${'█'.repeat(10)}\x1b[39m░`);
  });

  it('changes ten times a second at most, and names one matrix until the next is finished', () => {
    const { written, output } = recorder(100);
    let time = 0;
    const line = progressLine(output, () => time);
    for (; time < 1000; time += 7) line.update({ ...state, name: time % 2 ? 'a' : 'b' });
    expect(written.length).toBeGreaterThan(5);
    expect(written.length).toBeLessThanOrEqual(10);
    expect(new Set(written).size).toBe(1);
    time += 100;
    line.update({ ...state, finished: 2, name: 'c' });
    expect(written.at(-1)).toMatch(/ c$/);
  });

  it('is a line every half minute where there is no terminal', () => {
    const written: string[] = [];
    let time = 0;
    const line = progressLine({ write: (text) => written.push(text) }, () => time);
    for (; time <= 70_000; time += 50) line.update({ ...state, done: time, total: 100_000 });
    line.clear();
    expect(written).toEqual(['30 %  1/2 matrices  m\n', '60 %  1/2 matrices  m\n']);
  });

  it('counts what came over the network', () => {
    const { written, output } = recorder(80);
    progressLine(output).update({ ...state, finished: 2, received: 810_200_000 });
    expect(written[0]).toContain('2/2 matrices  810 MB received  ');
  });

  it('of a download forecasts from what came in this run', () => {
    const { written, output } = recorder(80);
    let time = 0;
    const line = downloadLine(output, () => time);
    line.update({ file: 'm.safetensors', done: 5e9, total: 10e9 });
    expect(written.at(-1)).toMatch(/downloading m.safetensors {2}5.0 GB of 10.0 GB$/);
    time = 10_000;
    line.update({ file: 'm.safetensors', done: 6e9, total: 10e9 });
    // A fifth of the missing half took 10 seconds.
    expect(written.at(-1)).toMatch(/6.0 GB of 10.0 GB {2}40 s left$/);
  });

  it.each([40, 12, 2])('fits one line of %d columns, with room for ^C', (columns) => {
    const { written, output } = recorder(columns);
    progressLine(output).update({ ...state, name: 'n'.repeat(100) });
    expect(written[0]!.replace('\r\x1b[K', '').length).toBe(Math.max(0, columns - 3));
    expect('50 %  1/2 matrices').toContain(written[0]!.slice(4, 20));
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
