/**
 * What is drawn with a seed and a name: orders, and seeds for what takes one itself.
 *
 * What a training run draws depends on its seed and on where it is (epoch, step), never on what was
 * drawn before, so that a run that goes on after an interruption has no state of a generator to
 * restore.
 */
import { type Random, seededRandom } from '@alphalora/contracts/numbers';

/** An integer in [0, 2^31) for what takes a seed itself, such as the dropout of one pass. */
export function derivedSeed(seed: number, name: string): number {
  return Math.floor(seededRandom(seed, name)() * 2 ** 31);
}

/** The numbers 0 to `length - 1` in random order (Fisher and Yates). */
export function permutation(length: number, random: Random): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
