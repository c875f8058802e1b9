/** What a page needs to draw a spectrum: a histogram and the exponent as a function of the cut. */
import type { SpectrumSummary } from '@alphalora/contracts';
import { powerLawFits } from './estimators/power-law.js';
import { SMALLEST_TAIL } from './weakness.js';

/** As fine as the histogram that the fix-finger estimators look at. */
const BINS = 100;
/** Cuts from the smallest tail to the whole spectrum, equally spaced in their logarithm. */
const CUTS = 48;

/** @param eigenvalues positive, ascending, at least two */
export function summarize(eigenvalues: Float64Array): SpectrumSummary {
  const smallest = eigenvalues[0]!;
  const largest = eigenvalues.at(-1)!;
  return {
    range: [smallest, largest],
    counts: logHistogram(eigenvalues),
    cuts: exponentByCut(eigenvalues),
  };
}

/** Eigenvalues in equal bins of log10 lambda, the last one closed; one bin where all are equal. */
function logHistogram(ascending: Float64Array): number[] {
  const first = Math.log10(ascending[0]!);
  const width = Math.log10(ascending.at(-1)!) - first;
  if (width === 0) return [ascending.length];
  const counts = new Array<number>(BINS).fill(0);
  for (const value of ascending) {
    const bin = Math.floor(((Math.log10(value) - first) / width) * BINS);
    counts[Math.min(bin, BINS - 1)]! += 1;
  }
  return counts;
}

function exponentByCut(eigenvalues: Float64Array): SpectrumSummary['cuts'] {
  const count = eigenvalues.length;
  const { alphas } = powerLawFits(eigenvalues);
  const start = Math.min(SMALLEST_TAIL, count);
  const sizes = new Set<number>();
  for (let i = 0; i < CUTS; i++) {
    sizes.add(Math.round(start * (count / start) ** (i / (CUTS - 1))));
  }
  const tail = [...sizes].filter((size) => Number.isFinite(alphas[count - size]));
  return { tail, alpha: tail.map((size) => alphas[count - size]!) };
}
