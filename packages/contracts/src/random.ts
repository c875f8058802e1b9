/**
 * Seeded random numbers: the same seed and name give the same sequence on every machine, whatever
 * else is drawn before or beside, so that no state of a generator has to be kept.
 *
 * The generator is sfc32 (Doty-Humphrey, PractRand): 128 bits of state, three additions a number,
 * because shuffling a matrix draws tens of millions of them.
 */

/** Draws the next number, uniform in [0, 1) with 32 bits. */
export type Random = () => number;

/**
 * @param seed any integer
 * @param name what the numbers are for, e.g. the name of a matrix, or an epoch
 */
export function seededRandom(seed: number, name = ''): Random {
  return sfc32(...hash(`${seed} ${name}`));
}

/** The generator from three words of 32 bits. */
export function sfc32(a: number, b: number, c: number): Random {
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // Similar seeds are told apart after a few rounds.
  for (let round = 0; round < 15; round++) next();
  return () => next() / 2 ** 32;
}

/** Three words from a text, by FNV-1a with different bases. */
function hash(text: string): [number, number, number] {
  const word = (base: number): number => {
    let value = base;
    for (let i = 0; i < text.length; i++) {
      value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
    }
    return value;
  };
  return [word(0x811c9dc5 | 0), word(0x01234567), word(0x5bd1e995)];
}
