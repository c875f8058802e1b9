/** Floats of 8 and 16 bits, through tables of F32 bit patterns: exact for every one of their values. */

export type SmallFloat = 'F16' | 'F8_E4M3' | 'F8_E5M2';

/** Bits of exponent and mantissa, and whether the largest exponent is for infinity and NaN. */
const formats: Readonly<Record<SmallFloat, { exponent: number; mantissa: number; ieee: boolean }>> =
  {
    F16: { exponent: 5, mantissa: 10, ieee: true },
    F8_E5M2: { exponent: 5, mantissa: 2, ieee: true },
    // The "FN" variant of the OCP 8-bit formats: finite up to 448, one NaN per sign.
    F8_E4M3: { exponent: 4, mantissa: 3, ieee: false },
  };

const tables = new Map<SmallFloat, Float32Array<ArrayBuffer>>();

/** The values of all codes of a type, built when first needed. */
export function valuesOf(dtype: SmallFloat): Float32Array<ArrayBuffer> {
  let values = tables.get(dtype);
  if (!values) {
    const { exponent, mantissa } = formats[dtype];
    values = Float32Array.from({ length: 1 << (1 + exponent + mantissa) }, (_, code) =>
      smallFloat(code, dtype),
    );
    tables.set(dtype, values);
  }
  return values;
}

/** The value of a small float: sign, exponent, mantissa as in IEEE 754, subnormals included. */
function smallFloat(code: number, dtype: SmallFloat): number {
  const { exponent, mantissa, ieee } = formats[dtype];
  const bias = 2 ** (exponent - 1) - 1;
  const top = 2 ** exponent - 1;
  const steps = 2 ** mantissa;
  const sign = code >> (exponent + mantissa) ? -1 : 1;
  const e = (code >> mantissa) & top;
  const m = code & (steps - 1);
  if (e === top && ieee) return m === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (e === top && m === steps - 1) return Number.NaN;
  const magnitude = e === 0 ? (m / steps) * 2 ** (1 - bias) : (1 + m / steps) * 2 ** (e - bias);
  return sign * magnitude;
}
