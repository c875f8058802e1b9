/**
 * Rounding to a narrower float, as arithmetic in that type does after each operation: to nearest, ties to
 * even (IEEE 754), subnormals and infinities included.
 *
 * A float64 has 53 bits of precision. Adding `value * 2 ** (53 - p)` leaves room for the upper p bits of
 * the value, so that the addition rounds to these; taking it away again is exact. It holds for values of up
 * to 40 bits, such as the product of a scale of 11 bits and a code. Unlike a detour by way of bit patterns
 * it needs no memory, and V8 keeps all of it in registers.
 */

export type RoundedType = 'F32' | 'F16' | 'BF16';

export interface Rounding {
  /** 2 ** (53 - p) */
  readonly shift: number;
  /** The smallest normal number; what is smaller is a multiple of the smallest subnormal one. */
  readonly normal: number;
  /** One and a half times 2 ** 52 of those. */
  readonly subnormal: number;
  /** From here on, half a step beyond the largest number, values round to infinity. */
  readonly infinite: number;
}

/** @param precision p, the bits of the significand with its hidden one */
function rounding(precision: number, smallest: number, largest: number): Rounding {
  return {
    shift: 2 ** (53 - precision),
    normal: 2 ** smallest,
    subnormal: 1.5 * 2 ** (52 + smallest - precision + 1),
    infinite: 2 ** largest * (2 - 2 ** -precision),
  };
}

export const roundings: Readonly<Record<RoundedType, Rounding>> = {
  F32: rounding(24, -126, 127),
  F16: rounding(11, -14, 15),
  BF16: rounding(8, -126, 127),
};

/** Whether values of this type are numbers that can be rounded to. */
export function isFloat(dtype: string): dtype is RoundedType {
  return Object.hasOwn(roundings, dtype);
}

/** The number of the narrower type that is nearest to `value`. */
export function round(value: number, { shift, normal, subnormal, infinite }: Rounding): number {
  const magnitude = Math.abs(value);
  if (magnitude < normal) {
    const rounded = value + subnormal - subnormal;
    // The sign of a zero.
    return rounded === 0 ? value * 0 : rounded;
  }
  if (magnitude >= infinite) return value * Number.POSITIVE_INFINITY;
  const large = value * shift;
  return value + large - large;
}
