/**
 * The empirical spectral density of one matrix on two logarithmic axes, where a power law is a
 * straight line, with the fitted tail and the bulk of a random matrix.
 */
import type { AnalysedRow, SpectrumSummary } from '@alphalora/contracts';
import { range, sum } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { decimal, significant } from '../format.js';
import { type Html, html } from '../html.js';
import { bulkDensity, type DensityPoint, empiricalDensity, tailDensity } from './densities.js';
import { area, curve, logTicks, marker, path, plot } from './plot.js';

/** Points of a curve that is not straight. */
const POINTS = 24;
/** Decades below the lowest count to which the fitted tail is drawn. */
const DECADES_BELOW = 0.7;

export function spectrumChart(row: AnalysedRow, { range: extent, counts }: SpectrumSummary): Html {
  const evaluations = row.metrics['num_evals'] ?? sum(counts);
  const dots = logarithms(empiricalDensity(extent, counts));
  const tail = tailCurve(row, row.tail / evaluations, extent[1]);
  const bulk = bulkCurve(row, evaluations, extent);

  const [low, high] = extent.map(Math.log10) as [number, number];
  const heights = dots.map(([, y]) => y);
  const bottom = Math.min(...heights) - DECADES_BELOW;
  const top = Math.max(...heights, ...tail.map(([, y]) => y), ...bulk.map(([, y]) => y)) + 0.15;
  const x = scaleLinear([low, high], [area.left + 4, area.right - 4]);
  const y = scaleLinear([bottom, top], [area.bottom, area.top]);
  const place = ([u, v]: readonly [number, number]): [number, number] => [x(u), y(v)];

  const cut = Math.log10(row.xmin);
  return plot({
    label:
      `Density of ${significant(evaluations)} eigenvalues between ${significant(extent[0])} and ` +
      `${significant(extent[1])} on logarithmic axes. The largest ${row.tail}, from ` +
      `${significant(row.xmin)} on, are fitted by a line that falls with slope ` +
      `${decimal(-row.alpha)}${bulk.length > 0 ? '; a curve shows the bulk of a random matrix' : ''}.`,
    x: { scale: x, ticks: logTicks(low, high, 5), title: 'eigenvalue λ' },
    y: { scale: y, ticks: logTicks(bottom, top, 5), title: 'density' },
    body: html`${curve('dots', dotPath(dots.map(place)))}${bulk.length > 0 && curve('bulk', path(bulk.map(place)))}${curve('fit', path(tail.map(place)))}${cut >= low && cut <= high && marker(x(cut), 'cut')}`,
  });
}

/** Dots as strokes without a length: a third of the size of as many circles. */
function dotPath(points: readonly (readonly [number, number])[]): string {
  return path(points, 'h0m') + (points.length > 0 ? 'h0' : '');
}

/** log10 of both coordinates; what has no logarithm is left out. */
function logarithms(points: readonly DensityPoint[]): [number, number][] {
  return points
    .map(([x, y]): [number, number] => [Math.log10(x), Math.log10(y)])
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
}

function tailCurve(row: AnalysedRow, share: number, largest: number): [number, number][] {
  if (row.xmin >= largest || (row.alpha <= 1 && !row.lambda)) return [];
  const density = tailDensity({ ...row, share });
  // A power law is straight here: two points are all of it.
  return sampled(density, row.xmin, largest, row.lambda ? POINTS : 2);
}

function bulkCurve(
  { metrics }: AnalysedRow,
  evaluations: number,
  [smallest]: readonly [number, number],
): [number, number][] {
  const { noise_min: low, noise_max: high, above_noise: spikes = 0 } = metrics;
  if (low === undefined || high === undefined || !(high > low) || low < 0) return [];
  const density = bulkDensity({ low, high, share: (evaluations - spikes) / evaluations });
  const start = Math.max(low, smallest);
  return start < high ? sampled(density, start, high, POINTS) : [];
}

/** A density over equal steps of log lambda, as logarithms. */
function sampled(
  density: (x: number) => number,
  low: number,
  high: number,
  points: number,
): [number, number][] {
  const xs = range(points).map((i) => low * (high / low) ** (i / (points - 1)));
  return logarithms(xs.map((x) => [x, density(x)] as const));
}
