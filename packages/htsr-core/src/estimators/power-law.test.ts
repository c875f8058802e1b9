import { seededRandom } from '@alphalora/contracts/numbers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestCut, type PowerLawFits, powerLawFits } from './power-law.js';

/** Every cut, every point, in the order of the definition. */
function fullSearch(fits: PowerLawFits, from: number, to: number): number | undefined {
  const { logs, alphas } = fits;
  let best: number | undefined;
  let smallest = Number.POSITIVE_INFINITY;
  for (let cut = from; cut <= to; cut++) {
    if (!Number.isFinite(alphas[cut])) continue;
    const tail = logs.length - cut;
    let distance = 0;
    for (let j = 0; j < tail; j++) {
      const fitted = 1 - Math.exp((1 - alphas[cut]!) * (logs[cut + j]! - logs[cut]!));
      distance = Math.max(distance, Math.abs(fitted - j / tail));
    }
    if (distance < smallest) [best, smallest] = [cut, distance];
  }
  return best;
}

const values = fc.oneof(
  fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
  // Few different values: ties, and constant stretches at either end.
  fc.integer({ min: 1, max: 5 }),
);

describe('the search for the best cut', () => {
  it('chooses the cut of a full search', () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 40 }),
        fc.nat(50),
        fc.nat(50),
        (list, a, b) => {
          const fits = powerLawFits(Float64Array.from(list).sort());
          const last = list.length - 2;
          const [from, to] = [Math.min(a, b), Math.min(Math.max(a, b), last)];
          expect(bestCut(fits, from, to)).toBe(fullSearch(fits, from, to));
          expect(bestCut(fits, 0, last)).toBe(fullSearch(fits, 0, last));
        },
      ),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('chooses it in spectra that are long enough for scouts', () => {
    const kinds: Record<string, (u: number, i: number) => number> = {
      pareto: (u) => (1 - u) ** -0.7,
      steep: (u) => (1 - u) ** -0.1,
      uniform: (u) => 0.001 + u,
      ties: (u) => Math.ceil((1 - u) ** -0.8),
      bulk: (u, i) => (i % 5 ? 1 + Math.sin(7 * u) ** 2 : 2 * (1 - u) ** -0.6),
      constant: (u, i) => (i % 3 ? 1 : 1 + u),
      exact: (_, i) => (1 - (i + 0.5) / 1500) ** -0.5,
      geometric: (_, i) => 1.01 ** i,
    };
    for (const [name, kind] of Object.entries(kinds)) {
      const random = seededRandom(1, name);
      for (const count of [70, 130, 700, 1500]) {
        const list = Float64Array.from({ length: count }, (_, i) => kind(random(), i)).sort();
        const fits = powerLawFits(list);
        const where = `${name}, ${count}`;
        expect(bestCut(fits, 0, count - 2), where).toBe(fullSearch(fits, 0, count - 2));
        expect(bestCut(fits, 33, count - 9), where).toBe(fullSearch(fits, 33, count - 9));
      }
    }
  });

  it('finds none where all is constant', () => {
    expect(bestCut(powerLawFits(new Float64Array(300).fill(2)), 0, 298)).toBeUndefined();
    expect(bestCut(powerLawFits(Float64Array.of(3)), 0, -1)).toBeUndefined();
  });
});
