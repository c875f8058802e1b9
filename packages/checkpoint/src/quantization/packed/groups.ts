/** Values of codes whose groups lie one behind the other, as those of one scale in a row of a matrix do. */
import type { Values } from '../../values/decoder.js';
import { unpackCodes, unpackUpperFirst } from './codes.js';

/** Puts what the codes `[from, to)` stand for in a group into `target`, from `at` on. */
export type GroupDecoder = (
  codes: Uint8Array,
  from: number,
  to: number,
  group: number,
  target: Float32Array,
  at: number,
) => void;

interface Groups {
  /** Elements of a group; the last one may be short. */
  readonly size: number;
  readonly decode: GroupDecoder;
}

/**
 * What codes stand for is worked out once in a group that has as many elements as there are codes, and looked
 * up. It is copied as bits: as numbers, values would be widened and narrowed again.
 */
interface Table {
  readonly codes: Uint8Array;
  readonly values: Float32Array;
  readonly bits: Int32Array;
}

function tableOf(levels: number): Table {
  const values = new Float32Array(levels);
  const codes = Uint8Array.from({ length: levels }, (_, code) => code);
  return { codes, values, bits: new Int32Array(values.buffer) };
}

function bitsOf({ buffer, byteOffset, length }: Values): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}

/**
 * @param target of as many elements as there are codes
 * @param levels codes are below it
 * @param first the group of the first code
 */
export function decodeGroups(
  codes: Uint8Array,
  target: Values,
  { size, decode, levels, first = 0 }: Groups & { levels: number; first?: number },
): void {
  const count = target.length;
  const table = tableOf(levels);
  const bits = bitsOf(target);
  for (let from = 0, group = first; from < count; from += size, group++) {
    const to = Math.min(count, from + size);
    if (to - from < levels) {
      decode(codes, from, to, group, target as Float32Array, from);
      continue;
    }
    decode(table.codes, 0, levels, group, table.values, 0);
    lookUp(codes, table.bits, bits, from, to);
  }
}

function lookUp(
  codes: Uint8Array,
  table: Int32Array,
  bits: Int32Array,
  from: number,
  to: number,
): void {
  let i = from;
  for (const fours = to - 3; i < fours; i += 4) {
    bits[i] = table[codes[i]!]!;
    bits[i + 1] = table[codes[i + 1]!]!;
    bits[i + 2] = table[codes[i + 2]!]!;
    bits[i + 3] = table[codes[i + 3]!]!;
  }
  for (; i < to; i++) bits[i] = table[codes[i]!]!;
}

/** Codes of groups that begin with a byte each, as they are stored. */
export interface PackedCodes {
  readonly bytes: Uint8Array;
  readonly bits: number;
  /** Whether the first of two codes of four bits is in the upper half of their byte. */
  readonly upperFirst?: boolean;
}

/** Elements that are unpacked at a time: their codes stay in the nearest cache. */
const SLICE = 4096;

/** As {@link decodeGroups}, of codes that are unpacked on the way. */
export function decodePacked(packed: PackedCodes, target: Values, groups: Groups): void {
  const { bytes, bits, upperFirst = false } = packed;
  const { size } = groups;
  if (bits === 4 && size >= 16 && target.length % size === 0) {
    decodeHalves(bytes, upperFirst, target, groups);
    return;
  }
  const slice = Math.max(size, SLICE - (SLICE % size));
  const buffer = new Uint8Array(Math.min(slice, target.length));
  for (let from = 0; from < target.length; from += slice) {
    const part = target.subarray(from, from + slice);
    const codes = buffer.subarray(0, part.length);
    const stored = bytes.subarray((from * bits) / 8);
    if (upperFirst) unpackUpperFirst(stored, codes);
    else unpackCodes(stored, bits, codes);
    decodeGroups(codes, part, { ...groups, levels: 1 << bits, first: from / size });
  }
}

/** Codes of four bits, looked up from their bytes: of whole groups. */
function decodeHalves(
  bytes: Uint8Array,
  upperFirst: boolean,
  target: Values,
  { size, decode }: Groups,
): void {
  const table = tableOf(16);
  const bits = bitsOf(target);
  for (let from = 0, group = 0; from < target.length; from += size, group++) {
    decode(table.codes, 0, 16, group, table.values, 0);
    lookUpHalves(bytes, upperFirst ? 4 : 0, table.bits, bits, from, from + size);
  }
}

/** @param shift of the first code of a byte */
function lookUpHalves(
  bytes: Uint8Array,
  shift: number,
  table: Int32Array,
  bits: Int32Array,
  from: number,
  to: number,
): void {
  const other = 4 - shift;
  for (let i = from, at = from / 2; i < to; i += 2, at++) {
    const byte = bytes[at]!;
    bits[i] = table[(byte >> shift) & 15]!;
    bits[i + 1] = table[(byte >> other) & 15]!;
  }
}
