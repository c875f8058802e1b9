/**
 * Blocks of 256 codes of three values, -1, 0 and 1, with one scale: `block_tq1_0` and `block_tq2_0` of
 * ggml-common.h.
 *
 *     TQ1_0   codes 48 + 4 bytes, scale F16
 *     TQ2_0   codes 64 bytes, scale F16
 *
 * TQ1_0 holds five codes in a byte, as the digits of a fraction of 256 in base 3: times 3, what passes 256 is
 * the first digit. The first 32 bytes hold the elements k, k + 32, ... k + 128, the next 16 those of
 * 160 + k, 160 + k + 16, ..., and the last 4, with four digits each, the rest. TQ2_0 is packed as Q2_K is.
 */
import type { Decoder, Values } from '../decoder.js';
import { inBlocks, uint16 } from './block.js';

export const ternary: Readonly<Record<'TQ1_0' | 'TQ2_0', Decoder>> = {
  TQ1_0: inBlocks('TQ1_0', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at + 52)]!;
    digits(bytes, at, 32, 5, target, to, scale);
    digits(bytes, at + 32, 16, 5, target, to + 160, scale);
    digits(bytes, at + 48, 4, 4, target, to + 240, scale);
  }),
  TQ2_0: inBlocks('TQ2_0', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at + 64)]!;
    for (let half = 0; half < 2; half++) {
      const codes = at + 32 * half;
      const first = to + 128 * half;
      for (let j = 0; j < 32; j++) {
        const code = bytes[codes + j]!;
        target[first + j] = scale * ((code & 3) - 1);
        target[first + j + 32] = scale * (((code >> 2) & 3) - 1);
        target[first + j + 64] = scale * (((code >> 4) & 3) - 1);
        target[first + j + 96] = scale * ((code >> 6) - 1);
      }
    }
  }),
};

/** The digits of `count` bytes, the first ones of all before the second ones. */
function digits(
  bytes: Uint8Array,
  at: number,
  count: number,
  each: number,
  target: Values,
  to: number,
  scale: number,
): void {
  for (let j = 0; j < count; j++) {
    let fraction = bytes[at + j]!;
    for (let digit = 0; digit < each; digit++) {
      target[to + digit * count + j] = scale * (((fraction * 3) >> 8) - 1);
      fraction = (fraction * 3) & 255;
    }
  }
}
