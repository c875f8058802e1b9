/** Spectra from formulas: the same everywhere, without random numbers. */

/** Quantiles of `p(lambda) ~ lambda^-alpha` above 1, ascending. */
export function paretoQuantiles(alpha: number, count: number): Float64Array {
  return Float64Array.from(
    { length: count },
    (_, i) => (1 - (i + 0.5) / count) ** (-1 / (alpha - 1)),
  );
}

/** A bulk such as a random matrix has, eigenvalues of -1, 2, -1 in a band, and a tail above it. */
function bulkAndTail(count: number, tail: number): Float64Array {
  const bulk = Float64Array.from(
    { length: count - tail },
    (_, i) => 4 * Math.sin((Math.PI * (i + 1)) / (2 * (count - tail + 1))) ** 2,
  );
  return Float64Array.of(...bulk, ...paretoQuantiles(2.5, tail).map((value) => 4 * value)).sort();
}

/** The shapes that estimators meet, ascending and positive. */
export const sampleSpectra: ReadonlyArray<{ name: string; eigenvalues: Float64Array }> = [
  { name: 'a power law', eigenvalues: paretoQuantiles(2.5, 400) },
  { name: 'a bulk with a heavy tail', eigenvalues: bulkAndTail(300, 60) },
  {
    name: 'an exponential',
    eigenvalues: Float64Array.from({ length: 200 }, (_, i) => 0.01 - Math.log1p(-(i + 0.5) / 200)),
  },
  {
    name: 'evenly spread eigenvalues',
    eigenvalues: Float64Array.from({ length: 100 }, (_, i) => 1 + i),
  },
  {
    name: 'eigenvalues of which many are equal',
    eigenvalues: Float64Array.from({ length: 120 }, (_, i) => 2 ** Math.floor(i / 12)),
  },
  { name: 'three eigenvalues', eigenvalues: Float64Array.of(1, 2, 7) },
  { name: 'two eigenvalues', eigenvalues: Float64Array.of(1, 2) },
  {
    name: 'eigenvalues of a vanishing matrix with one that is huge',
    eigenvalues: Float64Array.of(...paretoQuantiles(3, 50).map((value) => value * 1e-12), 1e12),
  },
];
