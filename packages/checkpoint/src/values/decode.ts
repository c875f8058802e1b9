/**
 * From stored little-endian elements to floating point.
 *
 * BF16 is the upper half of an F32, so decoding is a shift. F16 and the 8-bit types go through
 * tables of F32 bit patterns: branch-free, and exact for every one of their values.
 */
import { AlphaLoraError, type DType } from '@alphalora/contracts';
import { bytesPerElement } from '../dtypes.js';

export type Values = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/**
 * Typed arrays have the byte order of the machine, the format is little-endian.
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` on a big-endian machine
 */
export function requireLittleEndian(): void {
  if (new Uint8Array(Uint16Array.of(1).buffer)[0] === 1) return;
  throw new AlphaLoraError('UNSUPPORTED_CHECKPOINT', 'this machine is big-endian; use another');
}

/** An array for `length` decoded elements: Float64Array where Float32 would lose digits. */
export function allocateValues(dtype: DType, length: number): Values {
  return isWide(dtype) ? new Float64Array(length) : new Float32Array(length);
}

function isWide(dtype: DType): boolean {
  return dtype === 'F64' || /^[IU](32|64)$/.test(dtype);
}

/** Whether the stored bytes are the decoded ones. */
export function isStoredAsDecoded(dtype: DType): boolean {
  return dtype === 'F32' || dtype === 'F64';
}

/**
 * Decodes as many elements as `target` has. I64 and U64 are rounded to the nearest float64.
 *
 * @param bytes begins at a multiple of 8 of its buffer
 * @param target of the type that {@link allocateValues} gives
 */
export function decodeInto(bytes: Uint8Array, dtype: DType, target: Values): void {
  const { buffer, byteOffset } = bytes;
  const { length } = target;
  switch (dtype) {
    case 'F64':
      target.set(new Float64Array(buffer, byteOffset, length));
      break;
    case 'F32':
      target.set(new Float32Array(buffer, byteOffset, length));
      break;
    case 'BF16':
      decodeBFloat16(new Uint16Array(buffer, byteOffset, length), bitsOf(target));
      break;
    case 'F16':
      lookUp(new Uint16Array(buffer, byteOffset, length), table(dtype), bitsOf(target));
      break;
    case 'F8_E4M3':
    case 'F8_E5M2':
      lookUp(bytes, table(dtype), bitsOf(target));
      break;
    case 'I64':
    case 'U64':
      decodeBig(bigIntegers(bytes, dtype, length), target);
      break;
    case 'I32':
      target.set(new Int32Array(buffer, byteOffset, length));
      break;
    case 'U32':
      target.set(new Uint32Array(buffer, byteOffset, length));
      break;
    case 'I16':
      target.set(new Int16Array(buffer, byteOffset, length));
      break;
    case 'U16':
      target.set(new Uint16Array(buffer, byteOffset, length));
      break;
    case 'I8':
      target.set(new Int8Array(buffer, byteOffset, length));
      break;
    case 'U8':
      target.set(bytes.subarray(0, length));
      break;
    case 'BOOL':
      for (let i = 0; i < length; i++) target[i] = bytes[i] === 0 ? 0 : 1;
      break;
  }
}

/**
 * Decodes a whole tensor.
 *
 * @param bytes little-endian elements, at any alignment
 * @returns a Float64Array for F64 and for integers of 32 and 64 bits, else a Float32Array
 * @throws AlphaLoraError `INVALID_OPTION` when the bytes end within an element,
 *   `UNSUPPORTED_CHECKPOINT` on a big-endian machine
 */
export function decodeValues(bytes: Uint8Array, dtype: DType): Values {
  requireLittleEndian();
  const length = bytes.byteLength / bytesPerElement(dtype);
  if (!Number.isInteger(length)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${bytes.byteLength} bytes are no whole number of ${dtype} elements`,
    );
  }
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const values = allocateValues(dtype, length);
  decodeInto(aligned, dtype, values);
  return values;
}

/** Bit patterns of float32 values; signed, as shifts are, which V8 stores without a conversion. */
function bitsOf(target: Values): Int32Array {
  return new Int32Array(target.buffer, target.byteOffset, target.length);
}

// Both loops take four elements at a time: V8 does not unroll loops, and so they run 1.5 times as fast.

function decodeBFloat16(stored: Uint16Array, bits: Int32Array): void {
  let i = 0;
  for (const fours = bits.length - 3; i < fours; i += 4) {
    bits[i] = stored[i]! << 16;
    bits[i + 1] = stored[i + 1]! << 16;
    bits[i + 2] = stored[i + 2]! << 16;
    bits[i + 3] = stored[i + 3]! << 16;
  }
  for (; i < bits.length; i++) bits[i] = stored[i]! << 16;
}

function lookUp(stored: Uint8Array | Uint16Array, patterns: Int32Array, bits: Int32Array): void {
  let i = 0;
  for (const fours = bits.length - 3; i < fours; i += 4) {
    bits[i] = patterns[stored[i]!]!;
    bits[i + 1] = patterns[stored[i + 1]!]!;
    bits[i + 2] = patterns[stored[i + 2]!]!;
    bits[i + 3] = patterns[stored[i + 3]!]!;
  }
  for (; i < bits.length; i++) bits[i] = patterns[stored[i]!]!;
}

function bigIntegers(
  { buffer, byteOffset }: Uint8Array,
  dtype: 'I64' | 'U64',
  length: number,
): BigInt64Array | BigUint64Array {
  return dtype === 'I64'
    ? new BigInt64Array(buffer, byteOffset, length)
    : new BigUint64Array(buffer, byteOffset, length);
}

function decodeBig(stored: BigInt64Array | BigUint64Array, target: Values): void {
  for (let i = 0; i < target.length; i++) target[i] = Number(stored[i]);
}

type TableType = 'F16' | 'F8_E4M3' | 'F8_E5M2';

/** Bits of exponent and mantissa, and whether the largest exponent is for infinity and NaN. */
const formats: Readonly<Record<TableType, { exponent: number; mantissa: number; ieee: boolean }>> =
  {
    F16: { exponent: 5, mantissa: 10, ieee: true },
    F8_E5M2: { exponent: 5, mantissa: 2, ieee: true },
    // The "FN" variant of the OCP 8-bit formats: finite up to 448, one NaN per sign.
    F8_E4M3: { exponent: 4, mantissa: 3, ieee: false },
  };

const tables = new Map<TableType, Int32Array>();

/** F32 bit patterns of all values of a type, built when first needed. */
function table(dtype: TableType): Int32Array {
  let patterns = tables.get(dtype);
  if (!patterns) {
    const { exponent, mantissa } = formats[dtype];
    const values = Float32Array.from({ length: 1 << (1 + exponent + mantissa) }, (_, code) =>
      smallFloat(code, dtype),
    );
    patterns = new Int32Array(values.buffer);
    tables.set(dtype, patterns);
  }
  return patterns;
}

/** The value of a small float: sign, exponent, mantissa as in IEEE 754, subnormals included. */
function smallFloat(code: number, dtype: TableType): number {
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
