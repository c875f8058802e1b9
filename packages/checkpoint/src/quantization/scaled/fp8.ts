/**
 * FP8: 8-bit floats times scales, under the names that programs have for these.
 *
 *     weight_scale_inv    DeepSeek, Qwen: blocks of 128 x 128, or as `weight_block_size` says
 *     weight_scale        compressed-tensors, ModelOpt, FBGEMM, vLLM: one number, rows, or blocks
 *     qscale_weight       Mistral's consolidated files: one number
 *     scale_weight        ComfyUI: one number
 *     scale               DeepSeek's own files
 *
 * All of them multiply, `weight_scale_inv` too (its inverse quantized the weight). Scales of U8 are exponents
 * (MXFP8). Programs compute in the type of the model, see `Fp8Dequantize` of
 * transformers/integrations/finegrained_fp8.py, or in that of the scales, as compressed-tensors does.
 */
import type { FileTensor } from '../../tensors/file-tensor.js';
import { misfit } from '../misfit.js';
import {
  type FoundWeight,
  moduleAndParameter,
  type Scheme,
  type StoredModel,
  type UnreadableWeight,
} from '../scheme.js';
import { blockSides, scaledFloat } from '../settings.js';
import { isFloat8 } from './codes.js';
import { type ScaledLayout, type ScaledParts, scaledDecoding } from './decoding.js';
import { fittingGrid, gridInWords } from './grid.js';

export const fp8: Scheme<ScaledParts, ScaledLayout> = {
  name: 'fp8',
  // Parameters of stacked experts have names of their own.
  codes: /./,
  find(codes, model) {
    const { name, shape, dtype } = codes;
    if (!isFloat8(dtype)) return undefined;
    const scale = scaleOf(name, model);
    return scale && scaledFloats('FP8', { codes, scale }, { shape, codes: dtype }, model);
  },
  decoding: scaledDecoding,
};

/** @param layout what the parts do not say of themselves */
export function scaledFloats(
  name: string,
  parts: ScaledParts & { codes: FileTensor; scale: FileTensor },
  layout: Pick<ScaledLayout, 'shape' | 'codes' | 'whole'>,
  model: StoredModel,
): FoundWeight<ScaledParts, ScaledLayout> | UnreadableWeight {
  const { codes, scale } = parts;
  const found = { name: codes.name.replace(/\.weight_packed$/, '.weight'), parts };
  const grid = fittingGrid(layout.shape, scale, blockSides(model));
  if (!grid) return misfit(codes, { ...found, quantization: name }, scale);
  return {
    ...found,
    quantization: `${name}, ${gridInWords(grid)}`,
    layout: {
      ...layout,
      dtype: scaledFloat(model, scale.dtype),
      grid,
      ...(scale.dtype === 'U8' && { exponents: true }),
    },
  };
}

/** The scales beside a weight of this name, whatever they are called. */
export function scaleOf(name: string, { get }: StoredModel): FileTensor | undefined {
  const [module] = moduleAndParameter(name);
  const names = [
    ...[`${name}_scale_inv`, `${name}_scale`],
    ...(name.endsWith('.weight')
      ? [`${module}.scale_weight`, `${module}.qscale_weight`, `${module}.scale`]
      : []),
  ];
  return names.map(get).find(Boolean);
}
