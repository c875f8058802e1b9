/**
 * Integers of eight bits times scales.
 *
 *     SCB             F32 [out], of bitsandbytes: the largest magnitude of each row, which is 127 times its scale
 *     weight_scale    of compressed-tensors (`int-quantized`, `naive-quantized`) and others: one number, rows
 *                     or groups, with `weight_zero_point` where the codes are not symmetric
 *
 * bitsandbytes computes in float32 (`int8_vectorwise_dequant`), compressed-tensors in the type of the scales.
 */
import { misfit } from '../misfit.js';
import { hasShape } from '../packed/shapes.js';
import { moduleAndParameter, type Scheme } from '../scheme.js';
import { blockSides, scaledFloat } from '../settings.js';
import { type ScaledLayout, type ScaledParts, scaledDecoding } from './decoding.js';
import { scaleOf } from './fp8.js';
import { fittingGrid, gridInWords, isOneNumber } from './grid.js';

/** What bitsandbytes multiplies by in place of dividing by 127; to float32, as a number beside tensors is. */
const SHARE = Math.fround(7.874015718698502e-3);

export const int8: Scheme<ScaledParts, ScaledLayout> = {
  name: 'int8',
  codes: /./,
  find(codes, model) {
    const { name, shape, dtype } = codes;
    if ((dtype !== 'I8' && dtype !== 'U8') || shape.length < 2) return undefined;
    const [module, parameter] = moduleAndParameter(name);
    const scb = parameter === 'weight' && dtype === 'I8' ? model.get(`${module}.SCB`) : undefined;
    if (scb) {
      const order = model.get(`${module}.weight_format`);
      const found = {
        name,
        quantization: 'int8 (bitsandbytes), scales of rows',
        parts: { codes, scale: scb, ...(order && { order }) },
      };
      const grid = fittingGrid(shape, scb);
      if (!grid) return misfit(codes, found, scb);
      if (order && !isOneNumber(order)) return misfit(codes, found, order);
      return {
        ...found,
        layout: { shape, dtype: 'F32', codes: dtype, grid, factor: SHARE },
      };
    }
    const scale = dtype === 'I8' ? scaleOf(name, model) : undefined;
    if (!scale) return undefined;
    const zero = model.get(`${name}_zero_point`);
    const found = { name, parts: { codes, scale, ...(zero && { zero }) } };
    const unread = { ...found, quantization: 'int8' };
    const grid = fittingGrid(shape, scale, blockSides(model));
    if (!grid) return misfit(codes, unread, scale);
    if (zero && !hasShape(zero, ...scale.shape)) return misfit(codes, unread, zero);
    return {
      ...found,
      quantization: `int8, ${gridInWords(grid)}`,
      layout: { shape, dtype: scaledFloat(model, scale.dtype), codes: dtype, grid },
    };
  },
  decoding: scaledDecoding,
};
