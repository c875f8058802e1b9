/** Floats of 8 and 16 bits, through tables of F32 bit patterns: exact for every one of their values. */

export type SmallFloat =
  | 'F16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'F8_E4M3FNUZ'
  | 'F8_E5M2FNUZ'
  | 'F8_E8M0'
  | 'F4';

interface FloatFormat {
  readonly sign: 0 | 1;
  /** Bits of it. */
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /**
   * Codes that are no numbers: the largest exponent, for infinities and NaN, as in IEEE 754; the largest
   * code of either sign (FN); the negative zero (FNUZ); or none.
   */
  readonly special: 'ieee' | 'largest' | 'negative zero' | 'none';
}

const formats: Readonly<Record<SmallFloat, FloatFormat>> = {
  F16: { sign: 1, exponent: 5, mantissa: 10, bias: 15, special: 'ieee' },
  F8_E5M2: { sign: 1, exponent: 5, mantissa: 2, bias: 15, special: 'ieee' },
  // Of the OCP 8-bit formats: finite up to 448.
  F8_E4M3: { sign: 1, exponent: 4, mantissa: 3, bias: 7, special: 'largest' },
  F8_E4M3FNUZ: { sign: 1, exponent: 4, mantissa: 3, bias: 8, special: 'negative zero' },
  F8_E5M2FNUZ: { sign: 1, exponent: 5, mantissa: 2, bias: 16, special: 'negative zero' },
  // Of the OCP microscaling formats: a power of two without a sign or a zero, and floats of four bits.
  F8_E8M0: { sign: 0, exponent: 8, mantissa: 0, bias: 127, special: 'largest' },
  F4: { sign: 1, exponent: 2, mantissa: 1, bias: 1, special: 'none' },
};

const tables = new Map<SmallFloat, Float32Array<ArrayBuffer>>();

/** The values of all codes of a type, built when first needed. */
export function valuesOf(dtype: SmallFloat): Float32Array<ArrayBuffer> {
  let values = tables.get(dtype);
  if (!values) {
    const { sign, exponent, mantissa } = formats[dtype];
    values = Float32Array.from({ length: 1 << (sign + exponent + mantissa) }, (_, code) =>
      smallFloat(code, formats[dtype]),
    );
    tables.set(dtype, values);
  }
  return values;
}

/** The value of a small float: sign, exponent, mantissa as in IEEE 754, subnormals included. */
function smallFloat(code: number, format: FloatFormat): number {
  const { sign: signs, exponent, mantissa, bias, special } = format;
  const largest = 2 ** (exponent + mantissa) - 1;
  const top = 2 ** exponent - 1;
  const steps = 2 ** mantissa;
  const sign = signs === 1 && code > largest ? -1 : 1;
  const magnitude = code & largest;
  const e = magnitude >> mantissa;
  const m = magnitude & (steps - 1);
  if (special === 'ieee' && e === top) {
    return m === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  if (special === 'largest' && magnitude === largest) return Number.NaN;
  if (special === 'negative zero' && magnitude === 0 && sign < 0) return Number.NaN;
  // E8M0 has no subnormals: without a mantissa there would be but a zero.
  if (e === 0 && mantissa > 0) return sign * (m / steps) * 2 ** (1 - bias);
  return sign * (1 + m / steps) * 2 ** (e - bias);
}
