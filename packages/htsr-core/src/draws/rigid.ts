/**
 * Rigid draws: spectra that the same matrix might have had, given that its eigenvalues repel one
 * another.
 *
 * Eigenvalues of a random matrix are no independent sample: each keeps its place between its
 * neighbors, to within about the distance to them (rigidity; Mehta, "Random Matrices", chapter 16).
 * So every eigenvalue moves by U(-1, 1) ranks along the spectrum, whose logarithm is interpolated
 * linearly between ranks; beyond either end the last spacing continues. Samples drawn with replacement
 * instead, as of independent values, spread an exponent several times too wide.
 */
import type { Random } from '@alphalora/contracts/numbers';

/**
 * @param eigenvalues positive, ascending
 * @returns draws a spectrum of as many values, ascending, with one random number for each eigenvalue
 *   in their order
 */
export function rigidly(eigenvalues: Float64Array): (random: Random) => Float64Array {
  const logs = eigenvalues.map(Math.log);
  const last = logs.length - 1;
  return (random) => {
    const sample = new Float64Array(logs.length);
    for (let i = 0; i <= last; i++) {
      const ranks = 2 * random() - 1;
      // The end of a spectrum has no neighbor outside: the spacing inside continues.
      const spacing =
        ranks < 0
          ? logs[Math.max(i, 1)]! - logs[Math.max(i, 1) - 1]!
          : logs[Math.min(i, last - 1) + 1]! - logs[Math.min(i, last - 1)]!;
      sample[i] = Math.exp(logs[i]! + ranks * spacing);
    }
    return sample.sort();
  };
}
