/**
 * The three densities of a spectrum chart, all normalised so that the whole spectrum has mass 1:
 * what was counted, the fitted tail and the Marchenko-Pastur bulk.
 */
import { pairs, range, sum } from 'd3-array';

/** A point of a density: eigenvalue and density per unit of eigenvalue. */
export type DensityPoint = readonly [lambda: number, density: number];

/** Edges of `bins` equal bins of log10 lambda over `[smallest, largest]`. */
export function binEdges([smallest, largest]: readonly [number, number], bins: number): number[] {
  const low = Math.log10(smallest);
  const width = (Math.log10(largest) - low) / bins;
  return range(bins + 1).map((i) => 10 ** (low + i * width));
}

/** Counts over total and width of the bin, at the bin's geometric middle; empty bins are left out. */
export function empiricalDensity(
  extent: readonly [number, number],
  counts: readonly number[],
): DensityPoint[] {
  const total = sum(counts);
  return pairs(binEdges(extent, counts.length)).flatMap(([low, high], i) => {
    const count = counts[i]!;
    return count > 0 ? [[Math.sqrt(low * high), count / (total * (high - low))] as const] : [];
  });
}

/**
 * The fitted tail `C x^-alpha exp(-lambda x)` above xmin, of mass `share`. Without a cut-off rate
 * C = share (alpha - 1) xmin^(alpha - 1), for alpha > 1.
 */
export function tailDensity(params: {
  alpha: number;
  xmin: number;
  share: number;
  lambda?: number | undefined;
}): (x: number) => number {
  const { alpha, xmin, share, lambda = 0 } = params;
  // Relative to xmin, so that neither power overflows.
  const shape = (x: number): number => (x / xmin) ** -alpha * Math.exp(-lambda * (x - xmin));
  const mass = lambda > 0 ? massAbove(shape, xmin, alpha, lambda) : xmin / (alpha - 1);
  return (x) => (share * shape(x)) / mass;
}

/** The integral of a tail with a cut-off, by Simpson's rule in ln x up to where nothing is left. */
function massAbove(
  shape: (x: number) => number,
  xmin: number,
  alpha: number,
  lambda: number,
): number {
  const negligible = 40;
  const byCutOff = Math.log1p(negligible / (lambda * xmin));
  const span = alpha > 1 ? Math.min(byCutOff, negligible / (alpha - 1)) : byCutOff;
  const steps = 2000;
  const step = span / steps;
  const weighted = range(steps + 1).map((i) => {
    const x = xmin * Math.exp(i * step);
    return (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * shape(x) * x;
  });
  return (sum(weighted) * step) / 3;
}

/**
 * Marchenko and Pastur's density between the edges l- and l+, of mass `share`:
 * sqrt((l+ - x)(x - l-)) / (2 pi q s^2 x) with s = (sqrt l+ + sqrt l-) / 2 and
 * q = ((sqrt l+ - sqrt l-) / (sqrt l+ + sqrt l-))^2.
 */
export function bulkDensity(params: {
  low: number;
  high: number;
  share: number;
}): (x: number) => number {
  const { low, high, share } = params;
  const minus = Math.sqrt(high) - Math.sqrt(low);
  // 2 q s^2 = minus^2 / 2
  const factor = (2 * share) / (Math.PI * minus ** 2);
  return (x) => (x <= low || x >= high ? 0 : (factor * Math.sqrt((high - x) * (x - low))) / x);
}
