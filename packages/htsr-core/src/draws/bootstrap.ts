/**
 * The bootstrap: as many eigenvalues as there are, drawn with replacement.
 *
 * Clauset, Shalizi, Newman, "Power-law distributions in empirical data" (2009, arXiv 0706.1062),
 * section 3.3, recommend it for the uncertainty of the cut and the exponent together. It takes the
 * eigenvalues for an independent sample, so that of one matrix the spread is too wide: see `rigid.ts`.
 */
import type { Random } from '@alphalora/contracts/numbers';

/**
 * @param ascending positive
 * @returns draws a sample of as many values, ascending without a sort
 */
export function withReplacement(ascending: Float64Array): (random: Random) => Float64Array {
  const count = ascending.length;
  return (random) => {
    const times = new Uint32Array(count);
    for (let i = 0; i < count; i++) times[Math.floor(random() * count)]!++;
    const sample = new Float64Array(count);
    let end = 0;
    for (let i = 0; i < count; i++) {
      const start = end;
      end += times[i]!;
      sample.fill(ascending[i]!, start, end);
    }
    return sample;
  };
}
