/** The types of codes that are multiplied by scales: how they are stored, and the number of each. */
import { type SmallFloat, valuesOf } from '../../values/small-floats.js';

interface CodeKind {
  readonly bits: number;
  /** The number that each code stands for. */
  readonly values: Float32Array;
  /** Codes of stored bytes, one each. */
  unpack(bytes: Uint8Array, count: number): Uint8Array;
}

const whole = (bytes: Uint8Array): Uint8Array => bytes;

function floats(dtype: SmallFloat): CodeKind {
  return { bits: 8, values: valuesOf(dtype), unpack: whole };
}

export type CodeType = 'F8_E4M3' | 'F8_E5M2';

export const codeTypes: Readonly<Record<CodeType, CodeKind>> = {
  F8_E4M3: floats('F8_E4M3'),
  F8_E5M2: floats('F8_E5M2'),
};

export function isCodeType(name: string): name is CodeType {
  return name in codeTypes;
}
