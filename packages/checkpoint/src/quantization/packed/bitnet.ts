/**
 * Ternary weights of BitNet (`unpack_weights` of transformers/integrations/bitnet.py).
 *
 *     weight         U8 [out / 4, in]   codes of two bits: -1, 0, 1 as 0, 1, 2
 *     weight_scale   [1]
 *
 * The lowest bits of the bytes are the first quarter of the rows, the next ones the second, and so on. The
 * classes `BitLinear` and `AutoBitLinear` scale what comes out: one divides by the scale, the other multiplies.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { type RoundedType, round, roundings } from '../../values/rounding.js';
import { elementCount } from '../../values/sizes.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { hasFloats, siblingsOf } from './shapes.js';

export interface BitNetLayout {
  /** [out, in] */
  readonly shape: readonly [number, number];
  readonly scaling: 'multiplied' | 'divided';
}

export interface BitNetParts {
  readonly weight: StoredTensor;
  readonly scale: StoredTensor;
}

function bitNetDecoding({ weight, scale }: BitNetParts, layout: BitNetLayout): Decoding {
  const { shape, scaling } = layout;
  const [rows, columns] = shape;
  const quarter = rows / 4;
  const dtype = scale.dtype as RoundedType;
  const rounding = roundings[dtype];
  return {
    shape,
    dtype,
    bits: 8,
    unit: columns,
    async decode(target, start, signal) {
      const [factor] = await scale.read(0, 1, signal);
      const values = Float32Array.from([-1, 0, 1, 2], (code) =>
        round(scaling === 'divided' ? code / factor! : code * factor!, rounding),
      );
      const end = start / columns + target.length / columns;
      for (let row = start / columns, to = 0; row < end; ) {
        const part = Math.floor(row / quarter);
        const first = row - part * quarter;
        const count = Math.min(quarter - first, end - row);
        const range = [first * columns, (first + count) * columns] as const;
        const bytes = await bytesOf(weight, range, signal);
        const shift = 2 * part;
        for (const byte of bytes) target[to++] = values[(byte >> shift) & 3]!;
        row += count;
      }
    },
  };
}

export const bitNet: Scheme<BitNetParts, BitNetLayout> = {
  name: 'bitnet',
  codes: /^weight$/,
  find(
    weight: FileTensor,
    model: StoredModel,
  ): FoundWeight<BitNetParts, BitNetLayout> | UnreadableWeight | undefined {
    const scale = siblingsOf(weight, model)('weight_scale');
    const [quarter, columns] = weight.shape;
    const isBitNet = model.settings['quant_method'] === 'bitnet';
    if (!isBitNet || weight.dtype !== 'U8' || weight.shape.length !== 2 || !scale) return undefined;
    const found = { name: weight.name, quantization: 'BitNet', parts: { weight, scale } };
    if (!hasFloats(scale) || elementCount(scale.shape) !== 1) return misfit(weight, found, scale);
    const isAuto = model.settings['linear_class'] === 'autobitlinear';
    const scaling = isAuto ? 'multiplied' : 'divided';
    return { ...found, layout: { shape: [4 * quarter!, columns!], scaling } };
  },
  decoding: bitNetDecoding,
};
