/** An eigenvalue that is equal to xmin is in the tail: for the fit, and for the metrics that count. */
import { expect, it } from 'vitest';
import { computeMetrics } from '../metrics/index.js';
import { estimators } from './index.js';

const tied = (...groups: Array<readonly [value: number, count: number]>): Float64Array =>
  Float64Array.from(groups.flatMap(([value, count]) => Array<number>(count).fill(value)));

const spectra = {
  pairs: tied(...Array.from({ length: 30 }, (_, i) => [(30 / (30 - i)) ** 0.7, 2] as const)),
  plateau: tied([0.1, 3], [1, 12], [2, 2], [3, 1], [5, 2], [11, 1]),
  'ties at the top': tied([0.5, 4], [1, 5], [2, 3], [4, 2], [8, 2]),
  'ties at the median': tied([1, 3], [2, 6], [4, 2], [9, 1]),
} as const;

it.each(
  estimators
    .names()
    .flatMap((name) =>
      Object.keys(spectra).map((kind) => [name, kind as keyof typeof spectra] as const),
    ),
)('%s of %s', async (name, kind) => {
  const eigenvalues = spectra[kind];
  const estimator = await estimators.load(name);
  const fit = estimator.fit(eigenvalues);
  const sides = { smaller: eigenvalues.length, larger: 100, matrices: 1 };
  const metrics = computeMetrics({ eigenvalues, fit, ...sides });
  let reached = 0;
  for (const value of eigenvalues) if (value >= fit.xmin) reached++;
  expect(eigenvalues).toContain(fit.xmin);
  expect(metrics['num_pl_spikes']).toBe(reached);
  // Fingers are set aside: no part of the tail, and spikes.
  expect(fit.tail + (fit.fingers ?? 0)).toBe(reached);
  expect(metrics['ERG_gap']! + reached).toBe(metrics['detX_num']);
});
