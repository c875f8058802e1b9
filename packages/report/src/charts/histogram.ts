/** How many eigenvalues there are of each size, with the cut that separates the tail. */
import type { AnalysedRow, SpectrumSummary } from '@alphalora/contracts';
import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { significant } from '../format.js';
import { type Html, html } from '../html.js';
import { area, curve, linearTicks, logTicks, marker, path, plot } from './plot.js';

export function histogramChart(
  { xmin, tail }: AnalysedRow,
  { range, counts }: SpectrumSummary,
): Html {
  const [low, high] = range.map(Math.log10) as [number, number];
  const most = max(counts) ?? 0;
  const x = scaleLinear([low, high], [area.left + 4, area.right - 4]);
  const y = scaleLinear([0, most * 1.12], [area.bottom, area.top]);
  const cut = Math.log10(xmin);
  // The bin that the cut divides goes to the side that has more of it.
  const first = Math.min(
    counts.length,
    Math.max(0, Math.round(((cut - low) / (high - low)) * counts.length)),
  );
  const width = (x(high) - x(low)) / counts.length;
  const bars = (from: number, to: number): string => {
    const corners = counts.slice(from, to).flatMap((count, i): [number, number][] => [
      [x(low) + (from + i) * width, y(count)],
      [x(low) + (from + i + 1) * width, y(count)],
    ]);
    const [left, right] = [corners[0]![0], corners.at(-1)![0]];
    return `${path([[left, area.bottom], ...corners, [right, area.bottom]])}Z`;
  };
  return plot({
    label:
      `Histogram of the eigenvalues between ${significant(range[0])} and ${significant(range[1])} ` +
      `on a logarithmic axis; ${tail} of them make the tail above the cut at ${significant(xmin)}.`,
    x: { scale: x, ticks: logTicks(low, high, 5), title: 'eigenvalue λ' },
    y: {
      scale: y,
      ticks: linearTicks(0, most, 4).filter(([value]) => Number.isInteger(value)),
      title: 'eigenvalues',
    },
    body: html`${first > 0 && curve('bars', bars(0, first))}${first < counts.length && curve('bars tail', bars(first, counts.length))}${cut >= low && cut <= high && marker(x(cut), 'cut')}`,
  });
}
