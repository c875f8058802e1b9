/**
 * The cut near the peak of the spectrum's logarithmic histogram ("fix-finger", xmin_peak).
 *
 * Used by AlphaLoRA (arXiv 2410.10054), AlphaPruning (2410.10912) and FARMS (2506.06280).
 * log10(lambda) is counted in 100 equal bins; xmin2 is the left edge of the first fullest bin; among
 * the eigenvalues with lo <= lambda <= 1.5 xmin2, the first with the smallest KS distance is the cut.
 *
 * Two lower bounds exist:
 * - `fix-finger-strict`: lo = 0.95 xmin2, as intended; the estimate does not depend on scale.
 * - `fix-finger`: lo = log10(0.95 xmin2), as in the code that the published numbers come from. It
 *   compares a logarithm with an eigenvalue, so in effect there is hardly a lower bound, and the
 *   estimate changes when a matrix is multiplied by a constant.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator } from '@alphalora/contracts/extensions';
import { bestCut, fitAt, powerLawFits } from './power-law.js';

const BINS = 100;

export const fixFinger: TailEstimator = {
  name: 'fix-finger',
  dependsOnScale: true,
  fit: (eigenvalues) => fitNearPeak(eigenvalues, (xmin2) => Math.log10(0.95 * xmin2)),
};

export const fixFingerStrict: TailEstimator = {
  name: 'fix-finger-strict',
  fit: (eigenvalues) => fitNearPeak(eigenvalues, (xmin2) => 0.95 * xmin2),
};

function fitNearPeak(
  eigenvalues: Float64Array,
  lowerBound: (xmin2: number) => number,
): ReturnType<TailEstimator['fit']> {
  const xmin2 = 10 ** histogramPeak(eigenvalues.map(Math.log10));
  const from = eigenvalues.findIndex((value) => value >= lowerBound(xmin2));
  // The largest eigenvalue alone is no tail.
  let to = eigenvalues.length - 2;
  while (to >= 0 && eigenvalues[to]! > 1.5 * xmin2) to--;
  const fits = powerLawFits(eigenvalues);
  const cut = from < 0 ? undefined : bestCut(fits, from, to);
  if (cut === undefined) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      'no eigenvalue near the peak of the histogram can be the cut; try the estimator hill or ks',
    );
  }
  return fitAt(fits, cut);
}

/**
 * Left edge of the first fullest of 100 equal bins, with numpy.histogram's treatment of values on
 * an edge: bins are half open, the last one is closed, and edges are those of numpy.linspace.
 */
function histogramPeak(ascending: Float64Array): number {
  const first = ascending[0]!;
  const last = ascending.at(-1)!;
  if (first === last) return first;
  const edge = (bin: number): number =>
    bin === BINS ? last : first + bin * ((last - first) / BINS);
  const counts = new Uint32Array(BINS);
  for (const value of ascending) {
    let bin = Math.min(BINS - 1, Math.floor(((value - first) / (last - first)) * BINS));
    if (value < edge(bin)) bin--;
    else if (bin < BINS - 1 && value >= edge(bin + 1)) bin++;
    counts[bin]!++;
  }
  return edge(counts.indexOf(Math.max(...counts)));
}
