/**
 * Blocks of 256 codes whose parts have scales of their own, themselves multiples of the block's scale:
 * `block_q2_K` to `block_q6_K` of ggml-common.h.
 *
 *     Q2_K   scales and minima 16 bytes, codes 64 bytes, scale F16, minimum F16
 *     Q3_K   third bits 32 bytes, codes 64 bytes, scales 12 bytes, scale F16
 *     Q4_K   scale F16, minimum F16, scales and minima 12 bytes, codes 128 bytes
 *     Q5_K   scale F16, minimum F16, scales and minima 12 bytes, fifth bits 32 bytes, codes 128 bytes
 *     Q6_K   lower bits 128 bytes, upper bits 64 bytes, scales I8[16], scale F16
 *
 * Codes of 2 bits: byte k of 32 holds those of the elements k, k + 32, k + 64 and k + 96, from the lowest
 * bits on; of 4 bits likewise, those of k and k + 32 (of k and k + 64 in Q6_K, k of 64). Single bits: bit s
 * of byte k of 32 belongs to element 32 s + k.
 */
import type { Decoder } from '../decoder.js';
import { inBlocks, int8, uint16 } from './block.js';

export const k: Readonly<Record<'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K', Decoder>> = {
  Q2_K: inBlocks('Q2_K', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at + 80)]!;
    const minimum = halves[uint16(bytes, at + 82)]!;
    // Parts of 16: lower half of a byte for the scale, upper half for the minimum.
    for (let part = 0; part < 16; part++) {
      const own = bytes[at + part]!;
      const step = scale * (own & 15);
      const offset = minimum * (own >> 4);
      const codes = at + 16 + ((part >> 3) << 5) + ((part & 1) << 4);
      const shift = part & 6;
      const first = to + 16 * part;
      for (let j = 0; j < 16; j += 2) {
        target[first + j] = step * ((bytes[codes + j]! >> shift) & 3) - offset;
        target[first + j + 1] = step * ((bytes[codes + j + 1]! >> shift) & 3) - offset;
      }
    }
  }),
  Q3_K: inBlocks('Q3_K', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at + 108)]!;
    for (let part = 0; part < 16; part++) {
      const step = scale * (scaleOf3(bytes, at + 96, part) - 32);
      const codes = at + 32 + ((part >> 3) << 5) + ((part & 1) << 4);
      const thirds = at + ((part & 1) << 4);
      const shift = part & 6;
      const bit = part >> 1;
      const first = to + 16 * part;
      // Codes are signed, their third bit stands inverted.
      for (let j = 0; j < 16; j++) {
        const third = (bytes[thirds + j]! >> bit) & 1;
        target[first + j] = step * (((bytes[codes + j]! >> shift) & 3) - 4 + (third << 2));
      }
    }
  }),
  Q4_K: inBlocks('Q4_K', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    const minimum = halves[uint16(bytes, at + 2)]!;
    for (let pair = 0; pair < 4; pair++) {
      const even = scale * scaleOf4(bytes, at + 4, 2 * pair);
      const odd = scale * scaleOf4(bytes, at + 4, 2 * pair + 1);
      const evenOffset = minimum * minimumOf4(bytes, at + 4, 2 * pair);
      const oddOffset = minimum * minimumOf4(bytes, at + 4, 2 * pair + 1);
      const codes = at + 16 + 32 * pair;
      const first = to + 64 * pair;
      for (let j = 0; j < 32; j++) {
        const code = bytes[codes + j]!;
        target[first + j] = even * (code & 15) - evenOffset;
        target[first + j + 32] = odd * (code >> 4) - oddOffset;
      }
    }
  }),
  Q5_K: inBlocks('Q5_K', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    const minimum = halves[uint16(bytes, at + 2)]!;
    const fifths = at + 16;
    for (let pair = 0; pair < 4; pair++) {
      const even = scale * scaleOf4(bytes, at + 4, 2 * pair);
      const odd = scale * scaleOf4(bytes, at + 4, 2 * pair + 1);
      const evenOffset = minimum * minimumOf4(bytes, at + 4, 2 * pair);
      const oddOffset = minimum * minimumOf4(bytes, at + 4, 2 * pair + 1);
      const codes = at + 48 + 32 * pair;
      const first = to + 64 * pair;
      for (let j = 0; j < 32; j++) {
        const code = bytes[codes + j]!;
        const fifth = bytes[fifths + j]! >> (2 * pair);
        target[first + j] = even * ((code & 15) | ((fifth & 1) << 4)) - evenOffset;
        target[first + j + 32] = odd * ((code >> 4) | ((fifth & 2) << 3)) - oddOffset;
      }
    }
  }),
  Q6_K: inBlocks('Q6_K', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at + 208)]!;
    // Runs of 16 elements of each quarter of half a block: their bits share bytes.
    for (let run = 0; run < 4; run++) {
      const half = run >> 1;
      const within = (run & 1) << 4;
      const scales = at + 192 + 8 * half + (run & 1);
      const step0 = scale * int8(bytes, scales);
      const step1 = scale * int8(bytes, scales + 2);
      const step2 = scale * int8(bytes, scales + 4);
      const step3 = scale * int8(bytes, scales + 6);
      const lower = at + 64 * half + within;
      const upper = at + 128 + 32 * half + within;
      const first = to + 128 * half + within;
      for (let j = 0; j < 16; j++) {
        const even = bytes[lower + j]!;
        const odd = bytes[lower + 32 + j]!;
        const high = bytes[upper + j]!;
        target[first + j] = step0 * (((even & 15) | ((high & 3) << 4)) - 32);
        target[first + j + 32] = step1 * (((odd & 15) | ((high & 12) << 2)) - 32);
        target[first + j + 64] = step2 * (((even >> 4) | (high & 48)) - 32);
        target[first + j + 96] = step3 * (((odd >> 4) | ((high & 192) >> 2)) - 32);
      }
    }
  }),
};

/** Scales of Q3_K, 6 bits each: 4 lower ones in halves of 8 bytes, 2 upper ones in quarters of 4 bytes. */
function scaleOf3(bytes: Uint8Array, at: number, part: number): number {
  const lower = bytes[at + (part & 7)]! >> ((part >> 3) << 2);
  const upper = bytes[at + 8 + (part & 3)]! >> ((part >> 2) << 1);
  return (lower & 15) | ((upper & 3) << 4);
}

/**
 * Scales and minima of Q4_K and Q5_K, 6 bits each, of 8 parts. Those of the first four are the lower bits of
 * the bytes 0 to 3 and 4 to 7; those of the others have their upper two bits there, above, and their lower
 * four in the halves of the bytes 8 to 11.
 */
function scaleOf4(bytes: Uint8Array, at: number, part: number): number {
  if (part < 4) return bytes[at + part]! & 63;
  return (bytes[at + 4 + part]! & 15) | ((bytes[at + part - 4]! >> 6) << 4);
}

function minimumOf4(bytes: Uint8Array, at: number, part: number): number {
  if (part < 4) return bytes[at + 4 + part]! & 63;
  return (bytes[at + 4 + part]! >> 4) | ((bytes[at + part]! >> 6) << 4);
}
