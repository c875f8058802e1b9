/**
 * Products of codes and a scale: taken in float32 and rounded to the type of the weight.
 *
 * Numbers that are neither subnormal nor infinite are rounded by an addition (see `values/rounding.ts`), which
 * V8 keeps in registers; whether any product of a scale is one of the others is seen from the smallest and the
 * largest number of the codes.
 */
import type { Values } from '../../values/decoder.js';
import { type RoundedType, round, roundings } from '../../values/rounding.js';

/**
 * Multiplies the numbers of `codes[from]` to `codes[to - 1]`, less `off`, by `by`.
 *
 * @param target gets them from `at` on
 */
export type Multiply = (
  codes: Uint8Array,
  from: number,
  to: number,
  target: Values,
  at: number,
  by: number,
  off: number,
) => void;

/**
 * @param values the number of each code
 * @param factor what the products are multiplied by, where there is one
 */
export function multiplier(values: Float32Array, dtype: RoundedType, factor = 1): Multiply {
  const rounding = roundings[dtype];
  const { shift, normal, infinite } = rounding;
  const magnitudes = values.map(Math.abs).filter((value) => value > 0);
  const [smallest, largest] = [Math.min(...magnitudes), Math.max(...magnitudes)];

  const isNormal = (by: number, off: number): boolean => {
    const [scale, shifted] = [Math.abs(by), Math.abs(off)];
    // Codes with zero points are integers: no difference of two is below 1.
    return (
      factor === 1 &&
      Number.isInteger(off) &&
      scale * (off === 0 ? smallest : 1) >= normal &&
      scale * (largest + shifted) < infinite
    );
  };

  return (codes, from, to, target, at, by, off) => {
    let j = at;
    if (dtype === 'F32') {
      // The array rounds what is stored in it.
      if (factor === 1)
        for (let i = from; i < to; i++) target[j++] = (values[codes[i]!]! - off) * by;
      else {
        for (let i = from; i < to; i++) {
          target[j++] = Math.fround((values[codes[i]!]! - off) * by) * factor;
        }
      }
    } else if (isNormal(by, off)) {
      for (let i = from; i < to; i++) {
        const product = Math.fround((values[codes[i]!]! - off) * by);
        const large = product * shift;
        // Zeros keep their sign.
        target[j++] = product === 0 ? product : product + large - large;
      }
    } else {
      for (let i = from; i < to; i++) {
        const product = Math.fround((values[codes[i]!]! - off) * by);
        target[j++] = round(Math.fround(product * factor), rounding);
      }
    }
  };
}
