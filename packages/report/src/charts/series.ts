/** Alpha over the checkpoints of a model: a line for each block, colored by its depth, or their mean. */
import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { decimal } from '../format.js';
import { type Html, html, trusted } from '../html.js';
import { area, at, linearTicks, path, plot, type Tick } from './plot.js';

/** More names would run into one another. */
const MOST_NAMES = 4;
/** Characters of a name below the axis. */
const LONGEST = 10;

export interface AlphaLine {
  /** One for each checkpoint, null where there is none. */
  alpha: ReadonlyArray<number | null>;
  /** Where its block is, from 0 for the first to 1 for the last. */
  depth?: number;
}

/** @param label the chart in words */
export function alphaChart(
  names: readonly string[],
  lines: readonly AlphaLine[],
  label: string,
): Html {
  const known = lines.flatMap(({ alpha }) => alpha.filter((one) => one !== null));
  const [low = 0, high = 1] = extent(known) as [number, number];
  const margin = 0.05 * (high > low ? high - low : 1);
  const x = scaleLinear([0, names.length - 1], [area.left + 10, area.right - 22]);
  const y = scaleLinear([low - margin, high + margin], [area.bottom, area.top]);
  return plot({
    label: `${label}: from ${decimal(low)} to ${decimal(high)}.`,
    x: { scale: x, ticks: nameTicks(names), title: 'checkpoint' },
    y: { scale: y, ticks: linearTicks(low - margin, high + margin, 5), title: 'alpha' },
    body: html`${lines.map(({ alpha, depth }) => {
      const points = alpha.flatMap((one, i) =>
        one === null ? [] : [[x(i), y(one)] as [number, number]],
      );
      const d = trusted(path(points));
      if (depth === undefined) return html`<path class="fit" d="${d}"/>${points.map(dot)}`;
      return html`<path class="depth" style="${depthStyle('stroke', depth)}" d="${d}"/>`;
    })}`,
  });
}

/** Purple for the first block, teal for the last. @param property of the style */
export function depthStyle(property: 'stroke' | 'background', depth: number): string {
  return `${property}:color-mix(in oklab,var(--over),var(--g5) ${Math.round(100 * depth)}%)`;
}

function dot([x, y]: readonly [number, number]): Html {
  return html`<circle class="chosen" r="3" cx="${trusted(at(x))}" cy="${trusted(at(y))}"/>`;
}

/** The first, the last, and some between. */
function nameTicks(names: readonly string[]): Tick[] {
  const last = names.length - 1;
  const count = Math.min(last, MOST_NAMES - 1);
  return Array.from({ length: count + 1 }, (_, i): Tick => {
    const index = Math.round((i * last) / count);
    const name = names[index]!;
    return [index, name.length > LONGEST ? `…${name.slice(1 - LONGEST)}` : name];
  });
}
