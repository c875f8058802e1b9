/**
 * A copy in random order, every order equally likely.
 *
 * Fisher and Yates exchange elements all over the array, and of a matrix with tens of millions of
 * them each exchange waits for memory. Sending every element to one of 256 piles at random, and
 * shuffling each pile in the processor's cache, gives the same distribution (Rao 1961, Sandelius
 * 1962) in two thirds of the time.
 */
import type { Random } from '@alphalora/contracts/numbers';

const PILES = 256;
/** Below this the array is one pile. */
const SMALL = 2 ** 16;

export function shuffled(
  values: Float32Array | Float64Array,
  random: Random,
): Float32Array | Float64Array {
  const result = values.slice();
  if (values.length <= SMALL) {
    shufflePile(result, random);
    return result;
  }
  const piles = new Uint8Array(values.length);
  const ends = new Uint32Array(PILES);
  for (let i = 0; i < piles.length; ) {
    // A draw has 32 random bits: four piles.
    let bits = random() * 2 ** 32;
    for (const last = Math.min(i + 4, piles.length); i < last; i++) {
      const pile = bits & (PILES - 1);
      bits >>>= 8;
      piles[i] = pile;
      ends[pile]!++;
    }
  }
  const starts = new Uint32Array(PILES);
  for (let pile = 1; pile < PILES; pile++) {
    starts[pile] = ends[pile - 1]!;
    ends[pile]! += ends[pile - 1]!;
  }
  const next = starts.slice();
  for (let i = 0; i < values.length; i++) result[next[piles[i]!]!++] = values[i]!;
  for (let pile = 0; pile < PILES; pile++) {
    shufflePile(result.subarray(starts[pile], ends[pile]), random);
  }
  return result;
}

function shufflePile(values: Float32Array | Float64Array, random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    const value = values[i]!;
    values[i] = values[other]!;
    values[other] = value;
  }
}
