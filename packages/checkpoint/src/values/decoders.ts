/**
 * One decoder for each row of the table of element types.
 *
 * BF16 is the upper half of an F32, so decoding is a shift. Smaller floats are looked up as bit
 * patterns, free of branches.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { DType } from '@alphalora/contracts/weights';
import type { Decoder, Values } from './decoder.js';
import { codebook } from './ggml/codebook.js';
import { iq } from './ggml/iq.js';
import { k } from './ggml/k.js';
import { plain } from './ggml/plain.js';
import { ternary } from './ggml/ternary.js';
import { type SmallFloat, valuesOf } from './small-floats.js';

/** Why the values of a type cannot be had, and what to do; absent for those that are decoded. */
export const unreadTypes: Readonly<Partial<Record<DType, string>>> = {
  C64: 'complex numbers (C64) are not measured',
  F6_E2M3: unreadFloats('F6_E2M3'),
  F6_E3M2: unreadFloats('F6_E3M2'),
};

export const decoders: Readonly<Record<DType, Decoder>> = {
  F64: as(Float64Array),
  F32: as(Float32Array),
  F16: lookUp16('F16'),
  BF16({ buffer, byteOffset }, target) {
    decodeBFloat16(new Uint16Array(buffer, byteOffset, target.length), bitsOf(target));
  },
  F8_E4M3: lookUp8('F8_E4M3'),
  F8_E5M2: lookUp8('F8_E5M2'),
  F8_E4M3FNUZ: lookUp8('F8_E4M3FNUZ'),
  F8_E5M2FNUZ: lookUp8('F8_E5M2FNUZ'),
  F8_E8M0: lookUp8('F8_E8M0'),
  F4(bytes, target) {
    const values = valuesOf('F4');
    for (let i = 0; 2 * i < target.length; i++) {
      target[2 * i] = values[bytes[i]! & 15]!;
      target[2 * i + 1] = values[bytes[i]! >> 4]!;
    }
  },
  F6_E2M3: undecoded('F6_E2M3'),
  F6_E3M2: undecoded('F6_E3M2'),
  C64: undecoded('C64'),
  // Rounded to the nearest float64.
  I64: asBig(BigInt64Array),
  I32: as(Int32Array),
  I16: as(Int16Array),
  I8: as(Int8Array),
  U64: asBig(BigUint64Array),
  U32: as(Uint32Array),
  U16: as(Uint16Array),
  U8: as(Uint8Array),
  BOOL(bytes, target) {
    for (let i = 0; i < target.length; i++) target[i] = bytes[i] === 0 ? 0 : 1;
  },
  // Of ggml.
  ...plain,
  ...k,
  ...iq,
  ...codebook,
  ...ternary,
};

function unreadFloats(dtype: DType): string {
  return `elements of type ${dtype} are not read: measure the original, or convert it to BF16, F16 or F32`;
}

function undecoded(dtype: DType): Decoder {
  return () => {
    throw new AlphaLoraError('UNSUPPORTED_CHECKPOINT', unreadTypes[dtype]!);
  };
}

type ArrayOf<T> = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => T;

function as(Stored: ArrayOf<ArrayLike<number>>): Decoder {
  return ({ buffer, byteOffset }, target) => {
    target.set(new Stored(buffer, byteOffset, target.length));
  };
}

function asBig(Stored: ArrayOf<ArrayLike<bigint>>): Decoder {
  return ({ buffer, byteOffset }, target) => {
    const stored = new Stored(buffer, byteOffset, target.length);
    for (let i = 0; i < target.length; i++) target[i] = Number(stored[i]);
  };
}

function lookUp8(dtype: SmallFloat): Decoder {
  return (bytes, target) => lookUp(bytes, bitsOf(valuesOf(dtype)), bitsOf(target));
}

function lookUp16(dtype: SmallFloat): Decoder {
  return ({ buffer, byteOffset }, target) => {
    const stored = new Uint16Array(buffer, byteOffset, target.length);
    lookUp(stored, bitsOf(valuesOf(dtype)), bitsOf(target));
  };
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
