/**
 * Blocks of 256 elements whose codes number points of a grid: `block_iq1_s` to `block_iq3_s` of
 * ggml-common.h.
 *
 *     IQ1_S     scale F16, lower bits of codes 32 bytes, U16[8] for each 32 elements
 *     IQ1_M     lower bits of codes 32 bytes, upper bits 16 bytes, scales U16[4]
 *     IQ2_XXS   scale F16; for each 32 elements, codes 4 bytes, U32
 *     IQ2_XS    scale F16, U16[32] for each 8 elements, scales 8 bytes
 *     IQ2_S     scale F16, lower bits of codes 32 bytes, signs 32 bytes, upper bits 8 bytes, scales 8 bytes
 *     IQ3_XXS   scale F16, codes 64 bytes, U32[8] for each 32 elements
 *     IQ3_S     scale F16, lower bits of codes 64 bytes, upper bits 8 bytes, signs 32 bytes, scales 4 bytes
 *
 * Points of the IQ1 types have signs, and each is moved by an eighth; those of the others are magnitudes,
 * and bit j of their signs negates element j of 8. Where there are 7 bits for the signs, the number of minus
 * signs is even.
 */
import type { Decoder, Values } from '../decoder.js';
import { inBlocks, uint16 } from './block.js';
import * as grids from './grids.js';

export const iq: Readonly<
  Record<'IQ1_S' | 'IQ1_M' | 'IQ2_XXS' | 'IQ2_XS' | 'IQ2_S' | 'IQ3_XXS' | 'IQ3_S', Decoder>
> = {
  // U16: upper bits of four codes, 3 each, then 3 bits of the scale, then the direction of the shift.
  IQ1_S: inBlocks('IQ1_S', (bytes, at, target, to, halves) => {
    const grid = grids.iq1();
    const scale = halves[uint16(bytes, at)]!;
    for (let part = 0; part < 8; part++) {
      const own = uint16(bytes, at + 34 + 2 * part);
      const step = scale * (2 * ((own >> 12) & 7) + 1);
      const shift = own & 0x8000 ? -0.125 : 0.125;
      for (let j = 0; j < 4; j++) {
        const code = bytes[at + 2 + 4 * part + j]! | (((own >> (3 * j)) & 7) << 8);
        shifted(grid, code, shift, step, target, to + 32 * part + 8 * j);
      }
    }
  }),
  // Half a byte for each code: 3 upper bits, the direction. U16: four scales of 16 elements, 3 bits each, and
  // 4 bits of the block's.
  IQ1_M: inBlocks('IQ1_M', (bytes, at, target, to, halves) => {
    const grid = grids.iq1();
    let bits = 0;
    for (let j = 0; j < 4; j++) bits |= (bytes[at + 49 + 2 * j]! >> 4) << (4 * j);
    const scale = halves[bits]!;
    for (let j = 0; j < 32; j++) {
      const part = j >> 1;
      const own = uint16(bytes, at + 48 + 2 * (part >> 2)) >> (3 * (part & 3));
      const upper = bytes[at + 32 + part]! >> ((j & 1) << 2);
      const code = bytes[at + j]! | ((upper & 7) << 8);
      const shift = upper & 8 ? -0.125 : 0.125;
      shifted(grid, code, shift, scale * (2 * (own & 7) + 1), target, to + 8 * j);
    }
  }),
  // U32, here and in IQ3_XXS: the signs of four times 8 elements, 7 bits each, and 4 bits of the scale.
  IQ2_XXS: inBlocks('IQ2_XXS', (bytes, at, target, to, halves) => {
    const grid = grids.iq2xxs();
    const scale = halves[uint16(bytes, at)]!;
    for (let part = 0; part < 8; part++) {
      const codes = at + 2 + 8 * part;
      const own = uint32(bytes, codes + 4);
      const step = scale * (0.5 + (own >>> 28)) * 0.25;
      for (let j = 0; j < 4; j++) {
        const first = to + 32 * part + 8 * j;
        eight(grid, bytes[codes + j]!, evenSigns(own >>> (7 * j)), step, target, first);
      }
    }
  }),
  // U16: 9 bits of the code, 7 of the signs. Scales, here and in IQ2_S: half a byte for 16 elements.
  IQ2_XS: inBlocks('IQ2_XS', (bytes, at, target, to, halves) => {
    const grid = grids.iq2xs();
    const scale = halves[uint16(bytes, at)]!;
    for (let j = 0; j < 32; j++) {
      const own = uint16(bytes, at + 2 + 2 * j);
      const step = scale * (0.5 + nibble(bytes, at + 66, j >> 1)) * 0.25;
      eight(grid, own & 511, evenSigns(own >> 9), step, target, to + 8 * j);
    }
  }),
  IQ2_S: inBlocks('IQ2_S', (bytes, at, target, to, halves) => {
    const grid = grids.iq2s();
    const scale = halves[uint16(bytes, at)]!;
    for (let j = 0; j < 32; j++) {
      const upper = bytes[at + 66 + (j >> 2)]! >> (2 * (j & 3));
      const code = bytes[at + 2 + j]! | ((upper & 3) << 8);
      const step = scale * (0.5 + nibble(bytes, at + 74, j >> 1)) * 0.25;
      eight(grid, code, bytes[at + 34 + j]!, step, target, to + 8 * j);
    }
  }),
  IQ3_XXS: inBlocks('IQ3_XXS', (bytes, at, target, to, halves) => {
    const grid = grids.iq3xxs();
    const scale = halves[uint16(bytes, at)]!;
    for (let j = 0; j < 32; j++) {
      const own = uint32(bytes, at + 66 + 4 * (j >> 2));
      const step = scale * (0.5 + (own >>> 28)) * 0.5;
      const signs = evenSigns(own >>> (7 * (j & 3)));
      const codes = at + 2 + 2 * j;
      four(grid, bytes[codes]!, signs, step, target, to + 8 * j);
      four(grid, bytes[codes + 1]!, signs >> 4, step, target, to + 8 * j + 4);
    }
  }),
  IQ3_S: inBlocks('IQ3_S', (bytes, at, target, to, halves) => {
    const grid = grids.iq3s();
    const scale = halves[uint16(bytes, at)]!;
    for (let j = 0; j < 32; j++) {
      const step = scale * (1 + 2 * nibble(bytes, at + 106, j >> 2));
      const signs = bytes[at + 74 + j]!;
      const codes = at + 2 + 2 * j;
      const upper = bytes[at + 66 + (j >> 2)]! >> (2 * (j & 3));
      four(grid, bytes[codes]! | ((upper & 1) << 8), signs, step, target, to + 8 * j);
      four(grid, bytes[codes + 1]! | ((upper & 2) << 7), signs >> 4, step, target, to + 8 * j + 4);
    }
  }),
};

function uint32(bytes: Uint8Array, at: number): number {
  return (uint16(bytes, at) | (uint16(bytes, at + 2) << 16)) >>> 0;
}

/** The lower half of a byte, then its upper half, then the next one's. */
function nibble(bytes: Uint8Array, at: number, index: number): number {
  return (bytes[at + (index >> 1)]! >> ((index & 1) << 2)) & 15;
}

/** The lowest 7 bits, and the eighth that makes the number of ones even. */
function evenSigns(bits: number): number {
  const seven = bits & 127;
  const folded = seven ^ (seven >> 4);
  // Bit j of 0x6996 is the parity of j.
  return seven | (((0x6996 >> (folded & 15)) & 1) << 7);
}

function shifted(
  grid: Int8Array,
  code: number,
  shift: number,
  step: number,
  target: Values,
  to: number,
): void {
  for (let j = 0; j < 8; j++) target[to + j] = step * (grid[8 * code + j]! + shift);
}

function eight(
  grid: Int8Array,
  code: number,
  signs: number,
  step: number,
  target: Values,
  to: number,
): void {
  four(grid, 2 * code, signs, step, target, to);
  four(grid, 2 * code + 1, signs >> 4, step, target, to + 4);
}

/** Elements of a grid of four coordinates, negated where their bit is set. */
function four(
  grid: Int8Array,
  code: number,
  signs: number,
  step: number,
  target: Values,
  to: number,
): void {
  for (let j = 0; j < 4; j++) {
    const negative = -((signs >> j) & 1);
    target[to + j] = step * ((grid[4 * code + j]! ^ negative) - negative);
  }
}
