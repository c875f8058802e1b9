/**
 * Blocks of 32 codes with one scale: `block_q4_0`, `block_q4_1`, `block_q5_0`, `block_q5_1` and
 * `block_q8_0` of ggml-common.h.
 *
 *     Q4_0   scale F16, codes 16 bytes
 *     Q4_1   scale F16, minimum F16, codes 16 bytes
 *     Q5_0   scale F16, fifth bits 4 bytes, codes 16 bytes
 *     Q5_1   scale F16, minimum F16, fifth bits 4 bytes, codes 16 bytes
 *     Q8_0   scale F16, codes I8[32]
 *
 * Byte j of 16 holds the code of element j in its lower half, that of element j + 16 in its upper half.
 * Bit j of the fifth bits, little-endian, is the highest of element j. Without a minimum, codes stand for
 * themselves less half their range.
 *
 * V8 does not unroll loops: several elements a turn run up to 1.5 times as fast.
 */
import type { Decoder } from '../decoder.js';
import { inBlocks, int8, uint16 } from './block.js';

export const plain: Readonly<Record<'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q8_0', Decoder>> = {
  Q4_0: inBlocks('Q4_0', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    for (let j = 0; j < 16; j += 2) {
      const first = bytes[at + 2 + j]!;
      const second = bytes[at + 3 + j]!;
      target[to + j] = scale * ((first & 15) - 8);
      target[to + j + 1] = scale * ((second & 15) - 8);
      target[to + j + 16] = scale * ((first >> 4) - 8);
      target[to + j + 17] = scale * ((second >> 4) - 8);
    }
  }),
  Q4_1: inBlocks('Q4_1', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    const minimum = halves[uint16(bytes, at + 2)]!;
    for (let j = 0; j < 16; j += 2) {
      const first = bytes[at + 4 + j]!;
      const second = bytes[at + 5 + j]!;
      target[to + j] = scale * (first & 15) + minimum;
      target[to + j + 1] = scale * (second & 15) + minimum;
      target[to + j + 16] = scale * (first >> 4) + minimum;
      target[to + j + 17] = scale * (second >> 4) + minimum;
    }
  }),
  Q5_0: inBlocks('Q5_0', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    const fifth = uint16(bytes, at + 2) | (uint16(bytes, at + 4) << 16);
    for (let j = 0; j < 16; j++) {
      const code = bytes[at + 6 + j]!;
      target[to + j] = scale * (((code & 15) | (((fifth >>> j) & 1) << 4)) - 16);
      target[to + j + 16] = scale * (((code >> 4) | (((fifth >>> (j + 16)) & 1) << 4)) - 16);
    }
  }),
  Q5_1: inBlocks('Q5_1', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    const minimum = halves[uint16(bytes, at + 2)]!;
    const fifth = uint16(bytes, at + 4) | (uint16(bytes, at + 6) << 16);
    for (let j = 0; j < 16; j++) {
      const code = bytes[at + 8 + j]!;
      target[to + j] = scale * ((code & 15) | (((fifth >>> j) & 1) << 4)) + minimum;
      target[to + j + 16] = scale * ((code >> 4) | (((fifth >>> (j + 16)) & 1) << 4)) + minimum;
    }
  }),
  Q8_0: inBlocks('Q8_0', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    for (let j = 0; j < 32; j += 4) {
      target[to + j] = scale * int8(bytes, at + 2 + j);
      target[to + j + 1] = scale * int8(bytes, at + 3 + j);
      target[to + j + 2] = scale * int8(bytes, at + 4 + j);
      target[to + j + 3] = scale * int8(bytes, at + 5 + j);
    }
  }),
};
