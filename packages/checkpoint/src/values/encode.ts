/** From float32 to stored little-endian elements, rounded to nearest, ties to even (IEEE 754). */
import { requireLittleEndian } from './decode.js';

/** Types that floating-point values can be written as. */
export type FloatDType = 'F64' | 'F32' | 'F16' | 'BF16';

/**
 * The stored bytes of `values`. What is too large for F16 becomes infinity; NaN stays NaN.
 * F32 shares the memory of `values`.
 *
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` on a big-endian machine
 */
export function encodeValues(values: Float32Array, dtype: FloatDType): Uint8Array {
  requireLittleEndian();
  switch (dtype) {
    case 'F64':
      return bytesOf(Float64Array.from(values));
    case 'F32':
      return bytesOf(values);
    case 'F16':
      return bytesOf(narrowed(values, halfBits));
    case 'BF16':
      return bytesOf(narrowed(values, bfloat16Bits));
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A loop: `from` with a function takes many times as long. */
function narrowed(
  { buffer, byteOffset, length }: Float32Array,
  narrow: (bits: number) => number,
): Uint16Array {
  const bits = new Uint32Array(buffer, byteOffset, length);
  const result = new Uint16Array(length);
  for (let i = 0; i < length; i++) result[i] = narrow(bits[i]!);
  return result;
}

const INFINITY = 0x7f800000;

function bfloat16Bits(bits: number): number {
  // Rounding a NaN could carry it into infinity, so it is cut off, with a bit that keeps it NaN.
  if ((bits & 0x7fffffff) > INFINITY) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > INFINITY) return sign | 0x7e00;
  // From 65536 on; what lies between the largest half and there rounds by the carry below.
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24, the distance of float32 numbers from 0.5 on: adding
  // 0.5 rounds to such a multiple, and its bits count them.
  if (magnitude < 0x38800000) return sign | subnormalSteps(magnitude);
  return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function subnormalSteps(magnitude: number): number {
  scratchBits[0] = magnitude;
  scratch[0]! += 0.5;
  return scratchBits[0]! - 0x3f000000;
}
