/**
 * The frame of the small charts: plot area, grid, ticks and labels. They are drawn by the hundred, so
 * a chart is a few paths with one decimal, and everything that repeats is a class of the style sheet.
 */
import { ticks } from 'd3-array';
import type { ScaleLinear } from 'd3-scale';
import { plain, powerOfTen } from '../format.js';
import { type Html, html, trusted } from '../html.js';

export type Scale = ScaleLinear<number, number>;
export type Tick = readonly [value: number, label: string];

const width = 320;
const height = 196;
/** Edges of the plot area. */
export const area = { left: 46, right: 312, top: 10, bottom: 156 } as const;

/**
 * The `d` of a path over points, in tenths of a unit: from point to point by `step`, a relative
 * command, because differences are shorter than places. They are taken between rounded places, so
 * errors do not add up.
 */
export function path(points: readonly (readonly [number, number])[], step = 'l'): string {
  let before: readonly [number, number] = [0, 0];
  return points
    .map((point, i) => {
      const [x, y] = point.map((value) => Math.round(value * 10)) as [number, number];
      const moved = [x - before[0], y - before[1]].map((tenths) => at(tenths / 10)).join(' ');
      before = [x, y];
      return `${i === 0 ? 'M' : step}${moved.replace(' -', '-')}`;
    })
    .join('');
}

/** A coordinate with one decimal, written short. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Curves may leave the plot area: what leaves it is cut off. */
export function curve(name: string, d: string): Html {
  return html`<path class="${name} clip" d="${trusted(d)}"/>`;
}

/** A line across the plot at an x that matters, with words beside it. */
export function marker(x: number, label: string): Html {
  const side = x > (area.left + area.right) / 2 ? 'end' : 'start';
  const beside = side === 'end' ? x - 5 : x + 5;
  return html`<path class="cut" d="M${trusted(at(x))} ${area.top}V${area.bottom}"/><text class="note ${side}" x="${trusted(at(beside))}" y="${area.top + 10}">${label}</text>`;
}

export function plot(params: {
  /** The chart in words, for those who cannot see it. */
  label: string;
  x: { scale: Scale; ticks: readonly Tick[]; title: string };
  y: { scale: Scale; ticks: readonly Tick[]; title: string };
  body: Html;
}): Html {
  const { label, x, y, body } = params;
  const xs = x.ticks.map(([value, text]) => [at(x.scale(value)), text] as const);
  const ys = y.ticks.map(([value, text]) => [at(y.scale(value)), text] as const);
  const grid =
    xs.map(([place]) => `M${place} ${area.top}V${area.bottom}`).join('') +
    ys.map(([place]) => `M${area.left} ${place}H${area.right}`).join('');
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"><path class="grid" d="${trusted(grid)}"/>${body}<g class="tx">${xs.map(([place, text]) => html`<text x="${trusted(place)}" y="171">${text}</text>`)}<text x="${(area.left + area.right) / 2}" y="190">${x.title}</text></g><g class="ty">${ys.map(([place, text]) => html`<text x="41" y="${trusted(at(Number(place) + 4))}">${text}</text>`)}<text class="turned" transform="translate(9 ${(area.top + area.bottom) / 2})rotate(-90)">${y.title}</text></g></svg>`;
}

/** Ticks of an axis that is linear in log10: whole powers of ten, or round numbers in one decade. */
export function logTicks(low: number, high: number, most: number): Tick[] {
  const first = Math.ceil(low);
  const last = Math.floor(high);
  const step = Math.ceil((last - first + 1) / most);
  if (last - first >= 1) {
    return ticks(first, last, Math.floor((last - first) / step))
      .filter(Number.isInteger)
      .map((exponent) => [exponent, powerOfTen(exponent)]);
  }
  return ticks(10 ** low, 10 ** high, most)
    .filter((value) => value > 0)
    .map((value) => [Math.log10(value), plain(value)]);
}

export function linearTicks(low: number, high: number, most: number): Tick[] {
  return ticks(low, high, most).map((value) => [value, plain(value)]);
}
