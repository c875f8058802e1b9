/**
 * FP8: 8-bit floats times scales, under the names that programs have for these.
 *
 *     weight_scale_inv    DeepSeek, Qwen: blocks of 128 x 128, or as `weight_block_size` says
 *     weight_scale        compressed-tensors, ModelOpt, FBGEMM, vLLM: one number, rows, or blocks
 *     qscale_weight       Mistral's consolidated files: one number
 *     scale_weight        ComfyUI: one number
 *     scale               DeepSeek's own files
 *
 * All of them multiply, `weight_scale_inv` too (its inverse quantized the weight). The program computes in
 * the type of the model; see `Fp8Dequantize` of transformers/integrations/finegrained_fp8.py.
 */
import type { FileTensor } from '../../tensors/file-tensor.js';
import { type FoundWeight, moduleAndParameter, type Scheme, type StoredModel } from '../scheme.js';
import { modelFloat } from '../settings.js';
import { isCodeType } from './codes.js';
import { type ScaledLayout, type ScaledParts, scaledDecoding } from './decoding.js';
import { gridInWords, gridOver } from './grid.js';

export const fp8: Scheme<ScaledParts, ScaledLayout> = {
  name: 'fp8',
  // Parameters of stacked experts have names of their own.
  codes: /./,
  find(codes, model) {
    return codes.dtype.startsWith('F8') ? found(codes, model) : undefined;
  },
  decoding: scaledDecoding,
};

function found(
  codes: FileTensor,
  model: StoredModel,
): FoundWeight<ScaledParts, ScaledLayout> | undefined {
  const { name, shape, dtype } = codes;
  const scale = scaleOf(name, model);
  if (!scale || !isCodeType(dtype)) return undefined;
  const grid = gridOver(shape, scale, blockSides(model));
  return {
    name,
    quantization: `FP8, ${gridInWords(grid)}`,
    parts: { codes, scale },
    layout: { shape, dtype: modelFloat(model, scale.dtype), codes: dtype, grid },
  };
}

function scaleOf(name: string, { get }: StoredModel): FileTensor | undefined {
  const [module] = moduleAndParameter(name);
  const names = [
    ...[`${name}_scale_inv`, `${name}_scale`],
    ...(name.endsWith('.weight')
      ? [`${module}.scale_weight`, `${module}.qscale_weight`, `${module}.scale`]
      : []),
  ];
  return names.map(get).find(Boolean);
}

function blockSides({ settings }: StoredModel): number[] | undefined {
  const sides = settings['weight_block_size'];
  const isSides = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side > 0);
  return isSides(sides) ? sides : undefined;
}
