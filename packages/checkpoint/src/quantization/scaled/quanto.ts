/**
 * optimum-quanto, as its tensors flatten themselves into a state dict (`QBytesTensor` and `WeightQBytesTensor`
 * of optimum/quanto/tensor): 8-bit integers or floats times scales, computed in the type of the scales.
 *
 *     weight._data     I8 or F8 [out, in]
 *     weight._scale    one number, [out, 1] or [1, in]
 *
 * Of 2 and 4 bits there is `weight._shift` too, and `weight._data._data` has the codes of groups: the file
 * does not say to which rows and columns these belong.
 */
import { misfit } from '../misfit.js';
import { moduleAndParameter, type Scheme } from '../scheme.js';
import { scaleFloat } from '../settings.js';
import { isFloat8 } from './codes.js';
import { type ScaledLayout, type ScaledParts, scaledDecoding } from './decoding.js';
import { fittingGrid, gridInWords } from './grid.js';

export const quanto: Scheme<ScaledParts, ScaledLayout> = {
  name: 'quanto',
  codes: /^_data$/,
  find(codes, { get }) {
    const [name] = moduleAndParameter(codes.name);
    const { shape, dtype } = codes;
    const packed = name.replace(/\._data$/, '');
    const shift = get(`${packed}._shift`);
    const scale = get(`${packed}._scale`);
    if (!scale) return undefined;
    if (shift) {
      return {
        name: packed,
        quantization: 'quanto, groups of 2 or 4 bits',
        parts: { codes, scale, shift },
        shape,
        dtype: scaleFloat(scale.dtype),
        unreadable:
          'quanto, groups of 2 or 4 bits: the file does not say how they make up the matrix; dequantize the model with optimum-quanto and save it, or measure the original',
      };
    }
    if (dtype !== 'I8' && !isFloat8(dtype)) return undefined;
    const quantization = `quanto, ${dtype === 'I8' ? 'int8' : 'FP8'}`;
    const found = { name, quantization, parts: { codes, scale } };
    const grid = fittingGrid(shape, scale);
    if (!grid) return misfit(codes, found, scale);
    return {
      ...found,
      quantization: `${quantization}, ${gridInWords(grid)}`,
      layout: { shape, dtype: scaleFloat(scale.dtype), codes: dtype, grid },
    };
  },
  decoding: scaledDecoding,
};
