/**
 * What the decoders of ggml's blocks share: the walk over blocks, and scales in F16.
 *
 * Arithmetic: a scale (11 significant bits), its multiplier and a code have at most 24 bits together,
 * so products are exact in float32 as in float64, and so is the float64 sum with an offset. The one
 * rounding is the store into the Float32Array: the results are those of float32 arithmetic, bit for bit.
 */
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import type { Decoder, Values } from '../decoder.js';
import { valuesOf } from '../small-floats.js';

/**
 * Decodes one block.
 *
 * @param at where it begins in `bytes`
 * @param to where its first element goes
 * @param halves the value of each F16
 */
export type BlockDecoder = (
  bytes: Uint8Array,
  at: number,
  target: Values,
  to: number,
  halves: Float32Array,
) => void;

/** A decoder of as many blocks as the target holds. */
export function inBlocks(dtype: DType, decodeBlock: BlockDecoder): Decoder {
  const { elements, bytes: size } = elementTypes[dtype];
  return (bytes, target) => {
    const halves = valuesOf('F16');
    for (let at = 0, to = 0; to < target.length; at += size, to += elements) {
      decodeBlock(bytes, at, target, to, halves);
    }
  };
}

export function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

export function int8(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) >> 24;
}
