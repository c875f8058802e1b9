import { describe, expect, it } from 'vitest';
import { binEdges, bulkDensity, empiricalDensity, tailDensity } from './densities.js';

/** Midpoint rule in ln x. */
function integral(f: (x: number) => number, low: number, high: number): number {
  const steps = 200_000;
  const step = Math.log(high / low) / steps;
  let total = 0;
  for (let i = 0; i < steps; i++) {
    const x = low * Math.exp((i + 0.5) * step);
    total += f(x) * x * step;
  }
  return total;
}

describe('empirical density', () => {
  it('is counts over total and width, by hand', () => {
    // Two decades in two bins: [1, 10] and [10, 100].
    const points = empiricalDensity([1, 100], [3, 1]);
    expect(points[0]![0]).toBeCloseTo(Math.sqrt(10), 12);
    expect(points[0]![1]).toBeCloseTo(3 / 4 / 9, 12);
    expect(points[1]![1]).toBeCloseTo(1 / 4 / 90, 12);
  });

  it('has mass one and no point where nothing was counted', () => {
    const counts = [4, 0, 9, 7, 0, 1];
    const edges = binEdges([0.03, 70], counts.length);
    expect(edges[0]).toBeCloseTo(0.03, 12);
    expect(edges.at(-1)).toBeCloseTo(70, 10);
    const points = empiricalDensity([0.03, 70], counts);
    expect(points).toHaveLength(4);
    const mass = points.reduce((sum, [x, density]) => {
      const bin = edges.findIndex((edge) => edge > x);
      return sum + density * (edges[bin]! - edges[bin - 1]!);
    }, 0);
    expect(mass).toBeCloseTo(1, 12);
  });
});

describe('tail density', () => {
  it('is C x^-alpha with C = share (alpha - 1) xmin^(alpha - 1)', () => {
    const density = tailDensity({ alpha: 3, xmin: 2, share: 0.25 });
    expect(density(2)).toBeCloseTo((0.25 * 2 * 4) / 8, 12);
    expect(density(20) / density(2)).toBeCloseTo(1e-3, 12);
  });

  it.each([
    [2.5, 0.7, 0.1, undefined],
    [1.3, 4, 0.5, undefined],
    [2.5, 0.7, 0.1, 0.3],
    [0.8, 3, 0.4, 0.05],
    [3, 1e-4, 0.2, 10],
  ])(
    'has the mass of its tail: alpha %d, xmin %d, share %d, lambda %d',
    (alpha, xmin, share, lambda) => {
      const density = tailDensity({ alpha, xmin, share, lambda });
      // Far enough for a power law of alpha 1.3: 10^100 leaves 10^-30 of it.
      expect(integral(density, xmin, xmin * (lambda ? 1e8 : 1e100))).toBeCloseTo(share, 5);
    },
  );

  it('falls by the cut-off too', () => {
    const density = tailDensity({ alpha: 2, xmin: 1, share: 1, lambda: 0.5 });
    expect(density(3) / density(1)).toBeCloseTo(Math.exp(-0.5 * 2) / 9, 12);
  });
});

describe('bulk density', () => {
  it.each([
    // s^2 (1 -+ sqrt q)^2
    [1, 0.25],
    [3, 0.6],
    [0.01, 0.04],
  ])('has its mass and the mean s^2: s^2 = %d, q = %d', (square, q) => {
    const [low, high] = [-1, 1].map((sign) => square * (1 + sign * Math.sqrt(q)) ** 2) as [
      number,
      number,
    ];
    const density = bulkDensity({ low, high, share: 0.8 });
    expect(integral(density, low, high)).toBeCloseTo(0.8, 5);
    expect(integral((x) => x * density(x), low, high) / 0.8 / square).toBeCloseTo(1, 5);
    expect(density(low)).toBe(0);
    expect(density(high * 1.01)).toBe(0);
  });
});
