/**
 * MXFP4, as the experts of gpt-oss are stored (`convert_moe_packed_tensors` of
 * transformers/integrations/mxfp4.py).
 *
 *     <name>_blocks   U8 [experts, out, in / 32, 16]   floats of four bits, the first one in the lower half
 *     <name>_scales   U8 [experts, out, in / 32]       powers of two
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { FileTensor } from '../../tensors/file-tensor.js';
import type { Values } from '../../values/decoder.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { E2M1, E8M0 } from './microscaling.js';
import { hasShape } from './shapes.js';

export interface Mxfp4Parts {
  readonly blocks: StoredTensor;
  readonly scales: StoredTensor;
}

export interface Mxfp4Layout {
  /** [experts, out, in], of which the program makes [experts, in, out] */
  readonly shape: readonly number[];
}

function mxfp4Decoding({ blocks, scales }: Mxfp4Parts, { shape }: Mxfp4Layout): Decoding {
  return {
    shape,
    dtype: 'BF16',
    bits: 4,
    unit: 32,
    async decode(target, start, signal) {
      const [from, to] = [start / 32, (start + target.length) / 32];
      const [bytes, powers] = await Promise.all([
        bytesOf(blocks, [16 * from, 16 * to], signal),
        bytesOf(scales, [from, to], signal),
      ]);
      multiplyGroups(bytes, powers, target);
    },
  };
}

/** The numbers of both halves of each byte. */
const pairs = Float32Array.from({ length: 512 }, (_, i) => E2M1[((i >> 1) >> (4 * (i & 1))) & 15]!);

function multiplyGroups(bytes: Uint8Array, powers: Uint8Array, target: Values): void {
  for (let group = 0, at = 0, to = 0; group < powers.length; group++) {
    const scale = E8M0[powers[group]!]!;
    for (const end = at + 16; at < end; at++, to += 2) {
      const pair = 2 * bytes[at]!;
      target[to] = pairs[pair]! * scale;
      target[to + 1] = pairs[pair + 1]! * scale;
    }
  }
}

export const mxfp4: Scheme<Mxfp4Parts, Mxfp4Layout> = {
  name: 'mxfp4',
  codes: /_blocks$/,
  find(
    blocks: FileTensor,
    { get }: StoredModel,
  ): FoundWeight<Mxfp4Parts, Mxfp4Layout> | UnreadableWeight | undefined {
    const name = blocks.name.slice(0, -'_blocks'.length);
    const scales = get(`${name}_scales`);
    if (blocks.dtype !== 'U8' || blocks.shape.at(-1) !== 16 || !scales) return undefined;
    const [groups, ...outer] = blocks.shape.slice(0, -1).reverse();
    const found = { name, quantization: 'MXFP4', parts: { blocks, scales } };
    if (
      groups === undefined ||
      scales.dtype !== 'U8' ||
      !hasShape(scales, ...blocks.shape.slice(0, -1))
    ) {
      return misfit(blocks, found, scales);
    }
    return { ...found, outputFirst: true, layout: { shape: [...outer.reverse(), 32 * groups] } };
  },
  decoding: mxfp4Decoding,
};
