import { describe, expect, it } from 'vitest';
import { signalToNoise, snrMetrics } from './snr.js';

const fit = { alpha: 2, xmin: 1, ks: 0, tail: 2, stderr: 0 };

describe('snr', () => {
  it('sets what is above the edge over what is below, and over the largest', () => {
    // Quartiles 2 and 4: sigma 2 / 1.349; square, so the edge is 2.965: 3 + 4 + 10 over 1 + 2.
    expect(signalToNoise(Float64Array.of(1, 2, 3, 4, 10), 1)).toBeCloseTo(17 / 3 / 10, 12);
    // A quarter as wide: the edge is 2.224.
    expect(signalToNoise(Float64Array.of(1, 2, 3, 4, 10), 1 / 4)).toBeCloseTo(17 / 3 / 10, 12);
  });

  it('counts missing eigenvalues as zeros, and needs the lower quartile', () => {
    const given = {
      eigenvalues: Float64Array.of(4, 9, 100),
      fit,
      smaller: 5,
      larger: 5,
      matrices: 1,
    };
    const snr = signalToNoise(Float64Array.of(0, 0, 2, 3, 10), 1);
    expect(snrMetrics.compute(given)).toEqual({ snr });
    const resolution = { from: 1, count: 5 };
    expect(snrMetrics.compute({ ...given, resolution })).toEqual({ snr: Number.NaN });
  });
});
