/** What metric groups are asked about: whole and pooled spectra, of full and of low rank. */
import type { MetricContext, RandomisedSpectrum, TailFit } from '@alphalora/contracts/extensions';

import { paretoQuantiles } from './spectra.js';

interface Sample {
  readonly name: string;
  readonly context: MetricContext;
  /** For groups that need it. */
  readonly randomised: RandomisedSpectrum;
}

/** Made anew for each call, so that no check sees what another one has changed. */
export function metricContexts(): Sample[] {
  const sides = { smaller: 64, larger: 96, matrices: 1 };
  return [
    sample('a matrix of full rank', sides, 64),
    sample('a matrix of low rank', sides, 20),
    sample('matrices that are pooled', { smaller: 16, larger: 16, matrices: 4 }, 62),
    sample('two eigenvalues', sides, 2),
    sample('a spectrum that is known from the middle on', sides, 40, 0.5),
  ];
}

type Sides = Pick<MetricContext, 'smaller' | 'larger' | 'matrices'>;

/** @param known share of the eigenvalues that the arithmetic resolves */
function sample(name: string, sides: Sides, count: number, known = 1): Sample {
  // A power law, whose lowest quarter goes down to nothing as that of a matrix does.
  const quarter = count / 4;
  const eigenvalues = paretoQuantiles(2.5, count).map((value, i) =>
    i < quarter ? value * ((i + 1) / (quarter + 1)) ** 2 : value,
  );
  const all = sides.smaller * sides.matrices;
  const from = known === 1 ? 0 : eigenvalues[Math.floor(count * (1 - known))]!;
  // Shuffled elements have the same sum of squares, and no zeros.
  const shuffled = Float64Array.from(
    { length: all },
    (_, i) => 0.05 + Math.sin((Math.PI * (i + 1)) / (2 * (all + 1))) ** 2,
  );
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const scale = sum(eigenvalues) / sum(shuffled);
  return {
    name,
    context: {
      ...sides,
      eigenvalues,
      fit: upperHalf(eigenvalues),
      resolution: { from, count: all },
    },
    randomised: { eigenvalues: shuffled.map((value) => value * scale) },
  };
}

/** The Hill estimate of the upper half. */
function upperHalf(eigenvalues: Float64Array): TailFit {
  const cut = Math.max(0, Math.min(eigenvalues.length - 2, Math.floor(eigenvalues.length / 2)));
  const tail = eigenvalues.length - cut;
  const xmin = eigenvalues[cut]!;
  const logs = eigenvalues.subarray(cut).map((value) => Math.log(value / xmin));
  const alpha = 1 + tail / logs.reduce((total, value) => total + value, 0);
  return { alpha, xmin, ks: 0.1, tail, stderr: (alpha - 1) / Math.sqrt(tail) };
}
