/**
 * Sparklines: a row of numbers as one line of block characters, for terminals.
 *
 * Rows that belong together share one scale. It leaves out far outliers by Tukey's outer fences
 * (three interquartile ranges beyond the quartiles), so that a single wild fit does not flatten all
 * the others; what lies beyond is drawn as an arrow.
 */
import { quantile } from '@alphalora/contracts/numbers';

const LEVELS = '▁▂▃▄▅▆▇█';
const MISSING = '·';

export interface Scale {
  low: number;
  high: number;
}

/** The range of the values without far outliers; undefined when there are no values. */
export function commonScale(values: readonly number[]): Scale | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const reach = 3 * (third - first);
  const inside = sorted.filter((value) => value >= first - reach && value <= third + reach);
  return { low: inside[0]!, high: inside.at(-1)! };
}

/**
 * One character for each value: the low end of the scale is the lowest bar, the high end a full
 * one; `·` is missing, `↑` and `↓` are beyond the scale.
 */
export function sparkline(values: readonly (number | undefined)[], scale: Scale): string {
  return values.map((value) => character(value, scale)).join('');
}

function character(value: number | undefined, { low, high }: Scale): string {
  if (value === undefined) return MISSING;
  if (value > high) return '↑';
  if (value < low) return '↓';
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return LEVELS[Math.min(LEVELS.length - 1, Math.floor(share * LEVELS.length))]!;
}

/**
 * The values in at most `width` runs of neighbours, each with its mean. An outlier stands for its
 * whole run: the mean would hide it.
 */
export function binned(
  values: readonly (number | undefined)[],
  width: number,
  { low, high }: Scale,
): (number | undefined)[] {
  const bins = Math.min(width, values.length);
  return Array.from({ length: bins }, (_, bin) => {
    const run = values.slice(
      Math.floor((bin * values.length) / bins),
      Math.floor(((bin + 1) * values.length) / bins),
    );
    const present = run.filter((value) => value !== undefined);
    const outlier = present.find((value) => value > high || value < low);
    if (outlier !== undefined || present.length === 0) return outlier;
    return present.reduce((sum, value) => sum + value, 0) / present.length;
  });
}

/** A histogram in at most `width` characters: neighbouring bins merged, empty ones blank. */
export function histogram(counts: readonly number[], width: number): string {
  const bins = Math.min(width, counts.length);
  const merged = Array.from({ length: bins }, (_, bin) =>
    counts
      .slice(
        Math.floor((bin * counts.length) / bins),
        Math.floor(((bin + 1) * counts.length) / bins),
      )
      .reduce((sum, count) => sum + count, 0),
  );
  const scale = { low: 0, high: Math.max(...merged) };
  return merged.map((count) => (count === 0 ? ' ' : character(count, scale))).join('');
}
