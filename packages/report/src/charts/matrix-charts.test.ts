/** Where things stand in the three charts of a matrix, computed by hand from the edges of the plot. */
import type { AnalysedRow } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { cutsChart } from './cuts.js';
import { histogramChart } from './histogram.js';
import { area, logTicks, path } from './plot.js';
import { spectrumChart } from './spectrum.js';

const summary = {
  range: [1, 10_000] as [number, number],
  counts: [40, 30, 20, 10],
  cuts: { tail: [10, 30, 100], alpha: [2, 3, 2] },
};
const row: AnalysedRow = {
  name: 'w',
  shape: [100, 100],
  dtype: 'F32',
  status: 'ok',
  alpha: 3,
  xmin: 100,
  ks: 0.05,
  tail: 30,
  stderr: 0.37,
  metrics: { num_evals: 100 },
};
/** Both ends of the logarithmic axis lie four units inside of the plot area. */
const [left, right] = [area.left + 4, area.right - 4];

/** The points of the path of a class. */
function points(markup: string, name: string): [number, number][] {
  const [, d] = new RegExp(`class="${name} clip" d="([^"]*)"`).exec(markup)!;
  let at: [number, number] = [0, 0];
  return [...d!.matchAll(/(-?[\d.]+)[ ]?(-[\d.]+|(?<= )[\d.]+)/g)].map(([, dx, dy]) => {
    at = [at[0] + Number(dx), at[1] + Number(dy)];
    return at;
  });
}

describe('density', () => {
  const { markup } = spectrumChart(row, summary);
  const dots = points(markup, 'dots');
  const [start, end] = points(markup, 'fit');

  it('has a dot in the middle of each bin', () => {
    const width = (right - left) / 4;
    for (const [i, [x]] of dots.entries()) expect(x).toBeCloseTo(left + (i + 0.5) * width, 0);
  });

  it('has heights in proportion to the logarithm of the density', () => {
    // count / width: 40 / 9, 30 / 90, 20 / 900, 10 / 9000
    const logs = [40 / 9, 30 / 90, 20 / 900, 10 / 9000].map(Math.log10);
    const unit = (dots[3]![1] - dots[0]![1]) / (logs[0]! - logs[3]!);
    for (const [i, [, y]] of dots.entries())
      expect(y - dots[0]![1]).toBeCloseTo((logs[0]! - logs[i]!) * unit, 0);
    // The line in the same units: from 0.3 * 2 / 100 at the cut on, falling with slope -3.
    const onLine = Math.log10((0.3 * 2) / 100) - logs[0]! + Math.log10(100);
    expect(start![0]).toBeCloseTo((left + right) / 2, 1);
    expect(start![1]).toBeCloseTo(dots[0]![1] - onLine * unit, 0);
    expect(end![0]).toBeCloseTo(right, 1);
    expect((end![1] - start![1]) / unit).toBeCloseTo(2 * 3, 1);
  });

  it('has the bulk only where its edges are known', () => {
    expect(markup).not.toContain('class="bulk');
    const bulky = {
      ...row,
      metrics: { num_evals: 100, noise_min: 2, noise_max: 50, above_noise: 25 },
    };
    const curve = points(spectrumChart(bulky, summary).markup, 'bulk');
    for (const [x] of curve) {
      expect(x).toBeGreaterThanOrEqual(left + ((right - left) * Math.log10(2)) / 4 - 0.1);
      expect(x).toBeLessThanOrEqual(left + ((right - left) * Math.log10(50)) / 4 + 0.1);
    }
    expect(curve.length).toBeGreaterThan(10);
  });

  it('bends where the law has a cut-off', () => {
    const { markup: bent } = spectrumChart({ ...row, lambda: 1e-3 }, summary);
    const line = points(bent, 'fit');
    const slope = (i: number): number =>
      (line[i + 1]![1] - line[i]![1]) / (line[i + 1]![0] - line[i]![0]);
    expect(slope(line.length - 2)).toBeGreaterThan(1.5 * slope(0));
  });
});

describe('histogram', () => {
  const { markup } = histogramChart(row, summary);

  it('has bars as high as their counts, in two colours at the cut', () => {
    const [rest, tail] = [points(markup, 'bars'), points(markup, 'bars tail')];
    const heights = (bars: [number, number][]): number[] => {
      // Two corners a bar, between two on the ground.
      return bars.slice(1, -1).flatMap(([, y], i) => (i % 2 ? [] : [area.bottom - y]));
    };
    const unit = heights(rest)[0]! / 40;
    for (const [i, height] of [...heights(rest), ...heights(tail)].entries())
      expect(height / unit).toBeCloseTo([40, 30, 20, 10][i]!, 0);
    expect(tail[0]![0]).toBeCloseTo((left + right) / 2, 1);
    expect(tail.at(-1)![0]).toBeCloseTo(right, 0);
    expect(markup).toContain(`class="cut" d="M${(left + right) / 2} ${area.top}`);
  });

  it('is of one colour where the cut lies outside', () => {
    const below = histogramChart({ ...row, xmin: 0.5 }, summary).markup;
    expect([below.includes('class="bars clip"'), below.includes('bars tail')]).toEqual([
      false,
      true,
    ]);
    expect(below).not.toContain('class="cut"');
  });
});

describe('alpha by cut', () => {
  const { markup } = cutsChart(row, summary);
  // From 1 at the bottom to 1.8 times the chosen alpha at the top.
  const height = (alpha: number): number =>
    area.bottom - ((alpha - 1) / (5.4 - 1)) * (area.bottom - area.top);

  it('has the curve, the band of one standard error and the chosen tail', () => {
    const xs = [left, left + (right - left) * Math.log10(3), right];
    for (const [i, [x, y]] of points(markup, 'fit').entries()) {
      expect(x).toBeCloseTo(xs[i]!, 0);
      expect(y).toBeCloseTo(height([2, 3, 2][i]!), 0);
    }
    const band = points(markup, 'band').map(([, y]) => y);
    const errors = [1 / Math.sqrt(10), 2 / Math.sqrt(30), 1 / Math.sqrt(100)];
    for (const [i, alpha] of [2, 3, 2].entries()) {
      expect(band[i]).toBeCloseTo(height(alpha + errors[i]!), 0);
      expect(band[5 - i]).toBeCloseTo(height(alpha - errors[i]!), 0);
    }
    const [, cx, cy] = /<circle class="chosen clip" cx="([\d.]+)" cy="([\d.]+)"/.exec(markup)!;
    expect(Number(cx)).toBeCloseTo(xs[1]!, 0);
    expect(Number(cy)).toBeCloseTo(height(3), 0);
  });
});

it('writes a path from rounded place to rounded place', () => {
  expect(
    path([
      [1.04, 2],
      [1.08, -3.55],
      [1.12, 0],
    ]),
  ).toBe('M1 2l0.1-5.5l0 3.5');
});

it('has ticks at whole powers of ten, or at round numbers within one', () => {
  expect(logTicks(-2.2, 1.4, 5).map(([, label]) => label)).toEqual(['10⁻²', '10⁻¹', '10⁰', '10¹']);
  expect(logTicks(-9.9, 10.1, 5).length).toBeLessThanOrEqual(5);
  expect(logTicks(0.31, 0.79, 4).map(([, label]) => label)).toEqual(['3', '4', '5', '6']);
});
