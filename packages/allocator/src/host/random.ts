/**
 * Random numbers of a policy: the same seed gives the same sequence on every machine. The generator
 * is sfc32 (Doty-Humphrey, PractRand), started from the seed and run in for 15 rounds.
 */

/** Uniform in [0, 1) with 32 bits. */
export function seededRandom(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round++) next();
  return () => next() / 2 ** 32;
}
