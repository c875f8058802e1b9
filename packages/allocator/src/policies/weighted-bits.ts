/**
 * Bits of layers of different sizes under a budget that weighs them: the multiple-choice knapsack
 *
 *   minimise sum c_i 4^(-b_i)  subject to  sum w_i b_i <= capacity,  b_i among the levels
 *
 * with integer sizes w, solved exactly by dynamic programming over the bits that are spent beyond the
 * lowest level. Sizes of projections have large common divisors (their widths are multiples of 64 and
 * more), which makes the table small: 224 projections of a 7B model at 4 bits take 2.8 million cells.
 */
import { AlphaLoraError } from '@alphalora/contracts';

/** Cells of the table, one byte each: a tenth of a gigabyte and about a second. */
const MOST_CELLS = 1e8;

export interface WeightedBitsRequest {
  /** c, by layer. */
  factors: readonly number[];
  /** Integers above zero. */
  sizes: readonly number[];
  /** Bits of all weights together. */
  capacity: number;
  /** Ascending; the capacity is enough for the lowest of them everywhere. */
  levels: readonly number[];
}

/** @throws AlphaLoraError `INVALID_OPTION` when the sizes have too little in common for the table */
export function weightedBits({ factors, sizes, capacity, levels }: WeightedBitsRequest): number[] {
  const unit = sizes.reduce(greatestCommonDivisor);
  const weights = sizes.map((size) => size / unit);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const [lowest, highest] = [levels[0]!, levels.at(-1)!];
  const most = (highest - lowest) * all;
  const spare = Math.min(most, Math.floor(capacity / unit + 1e-9) - lowest * all);
  const width = spare + 1;
  if (width * weights.length > MOST_CELLS) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'the sizes of the layers have too little in common to find the best bits under an average ' +
        'that weighs them: give the total of bits instead, which counts every layer alike',
    );
  }
  // least[s]: the least error of the layers so far with at most s spent; choices say by which level.
  let least = new Float64Array(width);
  const choices = weights.map((weight, i) => {
    const next = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
    const choice = new Uint8Array(width);
    for (const [k, level] of levels.entries()) {
      const spent = (level - lowest) * weight;
      const error = factors[i]! * 4 ** -level;
      for (let s = spent; s < width; s++) {
        const sum = least[s - spent]! + error;
        if (sum >= next[s]!) continue;
        next[s] = sum;
        choice[s] = k;
      }
    }
    least = next;
    return choice;
  });
  const bits = new Array<number>(weights.length);
  let left = spare;
  for (let i = weights.length - 1; i >= 0; i--) {
    const level = levels[choices[i]![left]!]!;
    bits[i] = level;
    left -= (level - lowest) * weights[i]!;
  }
  return bits;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
