/**
 * Alpha as a function of the cut (a Hill plot): where the curve is level, alpha does not depend on
 * the choice of the tail, and the choice can be trusted.
 */
import type { AnalysedRow, SpectrumSummary } from '@alphalora/contracts';
import { zip } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { decimal } from '../format.js';
import { type Html, html, trusted } from '../html.js';
import { area, at, curve, linearTicks, logTicks, marker, path, plot } from './plot.js';

export function cutsChart({ alpha, tail }: AnalysedRow, { cuts }: SpectrumSummary): Html {
  const points = zip(cuts.tail, cuts.alpha) as [tail: number, alpha: number][];
  const low = Math.log10(Math.min(cuts.tail[0]!, tail));
  const high = Math.log10(Math.max(cuts.tail.at(-1)!, tail));
  // Tails of a few eigenvalues give exponents without bounds; the chosen one limits the scale.
  const top = Math.max(4, 1.8 * alpha, Math.min(3 * alpha, 1.1 * Math.max(...cuts.alpha)));
  // Laws with a cut-off may have an exponent below one.
  const bottom = Math.min(1, alpha);
  const x = scaleLinear([low, high], [area.left + 4, area.right - 4]);
  const y = scaleLinear([bottom, top], [area.bottom, area.top]);
  const edge = (sign: 1 | -1): [number, number][] =>
    points.map(([size, value]) => [
      x(Math.log10(size)),
      inReach(y(value + (sign * (value - 1)) / Math.sqrt(size))),
    ]);
  const line = points.map(([size, value]): [number, number] => [
    x(Math.log10(size)),
    inReach(y(value)),
  ]);
  const chosen = x(Math.log10(tail));
  return plot({
    label:
      `Alpha for tails of ${cuts.tail[0]} to ${cuts.tail.at(-1)} eigenvalues: from ` +
      `${decimal(cuts.alpha[0]!)} to ${decimal(cuts.alpha.at(-1)!)}. The chosen tail of ${tail} has ` +
      `${decimal(alpha)}.`,
    x: { scale: x, ticks: logTicks(low, high, 5), title: 'eigenvalues in the tail' },
    y: { scale: y, ticks: linearTicks(bottom, top, 5), title: 'alpha' },
    body: html`${curve('band', `${path([...edge(1), ...edge(-1).reverse()])}Z`)}${curve('fit', path(line))}${marker(chosen, 'chosen')}<circle class="chosen clip" cx="${trusted(at(chosen))}" cy="${trusted(at(y(alpha)))}" r="4"/>`,
  });
}

/** Far enough outside to be cut off, near enough to be written short. */
function inReach(y: number): number {
  return Math.max(-99, Math.min(299, y));
}
