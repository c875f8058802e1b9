/**
 * Blocks whose codes of 4 bits number the values of a small table: `block_iq4_nl`, `block_iq4_xs`,
 * `block_mxfp4` and `block_nvfp4` of ggml-common.h.
 *
 *     IQ4_NL   32 elements: scale F16, codes 16 bytes
 *     IQ4_XS   256 elements: scale F16, upper bits of scales U16, lower bits of scales 4 bytes, codes 128 bytes
 *     MXFP4    32 elements: scale E8M0, codes 16 bytes
 *     NVFP4    64 elements: scales E4M3 without a sign, one for each 16; codes 32 bytes
 *
 * Runs of 32 elements (16 in NVFP4) have their first half in the lower halves of bytes, their second half in
 * the upper ones.
 */
import type { Decoder, Values } from '../decoder.js';
import { inBlocks, uint16 } from './block.js';

/** Finer around zero, as weights are. */
const nonlinear = Int8Array.of(
  ...[-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113],
);
/** Twice the values of E2M1 (OCP microscaling formats); a zero has no sign. */
const doubledE2M1 = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

/** Half of E8M0, 2 ** (code - 127), as the table is doubled; every code is a number to ggml. */
const halfE8M0 = Float32Array.from({ length: 256 }, (_, code) => 2 ** (code - 128));
/** Half of E4M3; the upper bit does not count, and 0x7f is zero. */
const halfE4M3 = Float32Array.from({ length: 256 }, (_, code) => {
  const exponent = (code >> 3) & 15;
  const mantissa = (code & 7) / 8;
  if (code === 0x7f) return 0;
  return exponent === 0 ? mantissa * 2 ** -7 : (1 + mantissa) * 2 ** (exponent - 8);
});

export const codebook: Readonly<Record<'IQ4_NL' | 'IQ4_XS' | 'MXFP4' | 'NVFP4', Decoder>> = {
  IQ4_NL: inBlocks('IQ4_NL', (bytes, at, target, to, halves) => {
    lookUp(nonlinear, halves[uint16(bytes, at)]!, bytes, at + 2, 16, target, to);
  }),
  IQ4_XS: inBlocks('IQ4_XS', (bytes, at, target, to, halves) => {
    const scale = halves[uint16(bytes, at)]!;
    const upper = uint16(bytes, at + 2);
    for (let part = 0; part < 8; part++) {
      const lower = bytes[at + 4 + (part >> 1)]! >> ((part & 1) << 2);
      const step = scale * (((lower & 15) | (((upper >> (2 * part)) & 3) << 4)) - 32);
      lookUp(nonlinear, step, bytes, at + 8 + 16 * part, 16, target, to + 32 * part);
    }
  }),
  MXFP4: inBlocks('MXFP4', (bytes, at, target, to) => {
    lookUp(doubledE2M1, halfE8M0[bytes[at]!]!, bytes, at + 1, 16, target, to);
  }),
  NVFP4: inBlocks('NVFP4', (bytes, at, target, to) => {
    for (let part = 0; part < 4; part++) {
      const step = halfE4M3[bytes[at + part]!]!;
      lookUp(doubledE2M1, step, bytes, at + 4 + 8 * part, 8, target, to + 16 * part);
    }
  }),
};

function lookUp(
  values: Int8Array,
  scale: number,
  bytes: Uint8Array,
  at: number,
  count: number,
  target: Values,
  to: number,
): void {
  for (let j = 0; j < count; j++) {
    const code = bytes[at + j]!;
    target[to + j] = scale * values[code & 15]!;
    target[to + j + count] = scale * values[code >> 4]!;
  }
}
