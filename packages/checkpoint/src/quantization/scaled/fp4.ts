/**
 * Floats of four bits, two to a byte, times scales of groups of 16 or 32.
 *
 *     weight          U8 [out, in / 2]      NVFP4 of ModelOpt: `weight_scale` F8_E4M3 [out, in / 16] times
 *                                           `weight_scale_2`, one number
 *     weight_packed   U8 [out, in / 2]      of compressed-tensors: `weight_scale` F8_E4M3 [out, in / 16] divided
 *                                           by `weight_global_scale`; or MXFP4, with U8 exponents [out, in / 32]
 *     weight          I8 or F4              MXFP4 with scales of type F8_E8M0
 *
 * The first of two elements is in the lower half of a byte. As `NVFP4QTensor.dequantize` of ModelOpt
 * (modelopt/torch/quantization/qtensor/nvfp4_tensor.py) and `NVFP4PackedCompressor` of compressed-tensors do
 * it, scales and products are taken in float32 and rounded once.
 */
import type { FileTensor } from '../../tensors/file-tensor.js';
import { misfit } from '../misfit.js';
import { moduleAndParameter, type Scheme } from '../scheme.js';
import { type ScaledLayout, type ScaledParts, scaledDecoding } from './decoding.js';
import { scaledFloats, scaleOf } from './fp8.js';
import { isOneNumber } from './grid.js';

export const fp4: Scheme<ScaledParts, ScaledLayout> = {
  name: 'fp4',
  // Parameters of stacked experts have names of their own.
  codes: /./,
  find(codes, model) {
    const { name, dtype } = codes;
    if (dtype !== 'U8' && dtype !== 'I8' && dtype !== 'F4') return undefined;
    const [module, parameter] = moduleAndParameter(name);
    const isPacked = parameter === 'weight_packed';
    const scale = isPacked ? model.get(`${module}.weight_scale`) : scaleOf(name, model);
    if (!scale || codes.shape.length < 2) return undefined;
    const multiplied = model.get(`${name}_scale_2`);
    const divided = isPacked ? model.get(`${module}.weight_global_scale`) : undefined;
    const isMicroscaled = scale.dtype === 'F8_E8M0' || (isPacked && scale.dtype === 'U8');
    const whole = multiplied ?? divided;
    if (!whole && !isMicroscaled && dtype !== 'F4') return undefined;
    const parts = { codes, scale, ...(whole && { whole }) };
    const quantization = isMicroscaled ? 'MXFP4' : 'NVFP4';
    if (whole && !isOneNumber(whole)) {
      const unread = { name: name.replace(/\.weight_packed$/, '.weight'), quantization, parts };
      return misfit(codes, unread, whole);
    }
    return scaledFloats(
      quantization,
      parts,
      {
        shape: shapeOf(codes),
        codes: 'F4',
        ...(whole && { whole: divided ? 'divides' : 'multiplies' }),
      },
      model,
    );
  },
  decoding: scaledDecoding,
};

/** Bytes of two elements each lie along the last axis; the type F4 counts elements. */
function shapeOf({ dtype, shape }: FileTensor): number[] {
  return shape.map((length, axis) =>
    dtype !== 'F4' && axis === shape.length - 1 ? 2 * length : length,
  );
}
