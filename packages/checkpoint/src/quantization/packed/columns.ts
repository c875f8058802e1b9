/**
 * Values of the rows of an `[in, out]` matrix whose scales and zero points are those of columns, as of GPTQ
 * and AWQ: `scale * (code - zero)`, rounded once.
 */
import type { Values } from '../../values/decoder.js';
import { type Rounding, round } from '../../values/rounding.js';

/** What the rows of a group have in common. */
export interface ColumnGroup {
  readonly scales: Float32Array;
  readonly zeros: Uint8Array;
  /** Whether no product of these scales is subnormal or infinite. */
  readonly isNormal: boolean;
}

export function columnGroup(
  scales: Float32Array,
  zeros: Uint8Array,
  { normal, infinite }: Rounding,
): ColumnGroup {
  const isNormal = scales.every((scale) => scale >= normal && scale * 256 < infinite);
  return { scales, zeros, isNormal };
}

/** @param codes of a row, of at most 8 bits as the zero points are */
export function decodeColumns(
  codes: Uint8Array,
  { scales, zeros, isNormal }: ColumnGroup,
  rounding: Rounding,
  target: Values,
): void {
  const count = target.length;
  let i = 0;
  if (isNormal) {
    // What `round` does to normal numbers, twice a turn: V8 does not unroll loops.
    const { shift } = rounding;
    for (const twos = count - 1; i < twos; i += 2) {
      const first = scales[i]! * (codes[i]! - zeros[i]!);
      const second = scales[i + 1]! * (codes[i + 1]! - zeros[i + 1]!);
      target[i] = first + first * shift - first * shift;
      target[i + 1] = second + second * shift - second * shift;
    }
  }
  for (; i < count; i++) target[i] = round(scales[i]! * (codes[i]! - zeros[i]!), rounding);
}

/**
 * Rows of codes that share their words, each as many as there are columns, and their group: a column is read
 * once for all of them. Of scales that are normal.
 *
 * @param target of 32 / bits rows
 */
export function decodeWords(
  words: Int32Array,
  bits: number,
  { scales, zeros }: ColumnGroup,
  { shift }: Rounding,
  target: Values,
): void {
  const mask = (1 << bits) - 1;
  const count = words.length;
  for (let column = 0; column < count; column++) {
    const word = words[column]!;
    const scale = scales[column]!;
    const zero = zeros[column]!;
    for (let bit = 0, to = column; bit < 32; bit += bits, to += count) {
      const value = scale * (((word >>> bit) & mask) - zero);
      target[to] = value + value * shift - value * shift;
    }
  }
}
