/**
 * Seeded random numbers: the same seed and name give the same sequence on every machine and backend.
 *
 * What a training run draws depends on its seed and on where it is (epoch, step), never on what was
 * drawn before, so that a run that goes on after an interruption has no state of a generator to
 * restore. The generator is sfc32 (Doty-Humphrey, PractRand).
 */

/** Draws the next number, uniform in [0, 1) with 32 bits. */
export type Random = () => number;

/**
 * @param seed any integer
 * @param name what the numbers are for, e.g. the name of a tensor, or an epoch
 */
export function seededRandom(seed: number, name = ''): Random {
  const text = `${seed} ${name}`;
  let a = textHash(text, 0x811c9dc5);
  let b = textHash(text, 0x01234567);
  let c = textHash(text, 0x5bd1e995);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Similar seeds are told apart after a few rounds.
  for (let round = 0; round < 15; round++) next();
  return () => next() / 2 ** 32;
}

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

/** FNV-1a over code units, with a basis of choice. */
function textHash(text: string, basis: number): number {
  let value = basis | 0;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value;
}
