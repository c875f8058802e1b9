import { describe, expect, it } from 'vitest';
import { computeMetrics } from './index.js';

const fit = { alpha: 3, xmin: 1, ks: 0, tail: 4, stderr: 0 };

describe('metrics of the spectrum 1, 2, 3, 10', () => {
  const metrics = computeMetrics(Float64Array.of(1, 2, 3, 10), fit);

  it.each([
    ['num_evals', 4],
    ['norm', 16],
    ['log_norm', Math.log10(16)],
    ['spectral_norm', 10],
    ['log_spectral_norm', 1],
    ['stable_rank', 1.6],
    ['matrix_rank', 4],
    ['alpha_weighted', 3],
    ['log_alpha_norm', Math.log10(1 + 8 + 27 + 1000)],
    [
      'entropy',
      -(
        [1, 2, 3, 10].map((x) => (x / 16) * Math.log(x / 16)).reduce((a, b) => a + b) / Math.log(4)
      ),
    ],
  ])('%s', (name, expected) => {
    expect(metrics[name]).toBeCloseTo(expected, 12);
  });

  it('survives exponents that overflow', () => {
    const { log_alpha_norm } = computeMetrics(Float64Array.of(1, 1e10), { ...fit, alpha: 100 });
    expect(log_alpha_norm).toBeCloseTo(1000, 9);
  });
});
