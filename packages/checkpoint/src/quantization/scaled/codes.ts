/** The types of codes that are multiplied by scales: how they are stored, and the number of each. */
import { type SmallFloat, valuesOf } from '../../values/small-floats.js';

interface CodeKind {
  readonly bits: 4 | 8;
  /** The number that each code stands for. */
  readonly values: Float32Array;
  /** The codes of stored bytes, one each. */
  unpack(bytes: Uint8Array, count: number): Uint8Array;
}

export type CodeType = SmallFloat8 | 'I8' | 'U8' | 'F4';
type SmallFloat8 = Exclude<SmallFloat, 'F16' | 'F4' | 'F8_E8M0'>;

const asStored = (bytes: Uint8Array): Uint8Array => bytes;

function floats(dtype: SmallFloat8): CodeKind {
  return { bits: 8, values: valuesOf(dtype), unpack: asStored };
}

export const codeTypes: Readonly<Record<CodeType, CodeKind>> = {
  F8_E4M3: floats('F8_E4M3'),
  F8_E5M2: floats('F8_E5M2'),
  F8_E4M3FNUZ: floats('F8_E4M3FNUZ'),
  F8_E5M2FNUZ: floats('F8_E5M2FNUZ'),
  I8: {
    bits: 8,
    values: Float32Array.from({ length: 256 }, (_, code) => (code << 24) >> 24),
    unpack: asStored,
  },
  U8: { bits: 8, values: Float32Array.from({ length: 256 }, (_, code) => code), unpack: asStored },
  F4: {
    bits: 4,
    values: valuesOf('F4'),
    unpack(bytes, count) {
      const codes = new Uint8Array(count);
      for (let i = 0; 2 * i < count; i++) {
        const byte = bytes[i]!;
        codes[2 * i] = byte & 15;
        codes[2 * i + 1] = byte >> 4;
      }
      return codes;
    },
  },
};

export function isFloat8(name: string): name is SmallFloat8 {
  return name.startsWith('F8') && name in codeTypes;
}
