/**
 * torchao, as `flatten_tensor_state_dict` of torchao/prototype/safetensors writes its tensors.
 *
 *     _weight_qdata         I8 or F8 [out, in]
 *     _weight_scale         one number, rows, groups or blocks
 *     _weight_zero_point    one beside each scale, of integers that are not symmetric
 *
 * torchao 0.14 called them `weight:qdata` and so on. The metadata of the file say of each weight, in JSON, which class it is and the type that it dequantizes to
 * (`dequantize_affine`, `_dequantize_affine_float8`).
 */
import { isObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { misfit } from '../misfit.js';
import { hasShape } from '../packed/shapes.js';
import { moduleAndParameter, type Scheme, type StoredModel } from '../scheme.js';
import { floatNamed, scaledFloat, sidesIn } from '../settings.js';
import { isFloat8 } from './codes.js';
import { type ScaledLayout, type ScaledParts, scaledDecoding } from './decoding.js';
import { fittingGrid, gridInWords } from './grid.js';

const classes = /^(Float8Tensor|Int8Tensor|IntxUnpackedToInt8Tensor)$/;

export const torchao: Scheme<ScaledParts, ScaledLayout> = {
  name: 'torchao',
  codes: /^(_\w+_|\w+:)qdata$/,
  find(codes, model) {
    const [module, parameter] = moduleAndParameter(codes.name);
    const stem = codes.name.slice(0, -'qdata'.length);
    const name = `${module}.${parameter.replace(/^_|[_:]qdata$/g, '')}`;
    const scale = model.get(`${stem}scale`);
    if (!scale) return undefined;
    const { shape, dtype } = codes;
    const { kind, settings } = describedAs(name, model);
    const to = floatNamed(dtypeOf(settings['dtype'])) ?? scaledFloat(model, scale.dtype);
    const isKnown = kind === undefined || classes.test(kind);
    if (!isKnown || (dtype !== 'I8' && !isFloat8(dtype))) {
      const scheme = `torchao${kind === undefined ? '' : `, ${kind.slice(0, 40)}`}`;
      return {
        name,
        quantization: scheme,
        parts: { codes, scale },
        shape,
        dtype: to,
        unreadable: `${scheme}: codes in the layout of a GPU's kernel; dequantize the model with torchao and save it, or measure the original`,
      };
    }
    const zero: FileTensor | undefined = model.get(`${stem}zero_point`);
    const type = dtypeOf(settings['target_dtype']) ?? (dtype === 'I8' ? 'int8' : 'FP8');
    const quantization = `torchao, ${type.slice(0, 20)}`;
    const found = { name, quantization, parts: { codes, scale, ...(zero && { zero }) } };
    const grid = fittingGrid(shape, scale, sidesIn(settings['block_size']));
    if (!grid) return misfit(codes, found, scale);
    if (zero && !hasShape(zero, ...scale.shape)) return misfit(codes, found, zero);
    return {
      ...found,
      quantization: `${quantization}, ${gridInWords(grid)}`,
      layout: { shape, dtype: to, codes: dtype, grid },
    };
  },
  decoding: scaledDecoding,
};

/** What the metadata say of a weight; whatever is not as torchao writes it is not there. */
function describedAs(
  name: string,
  { metadata }: StoredModel,
): { kind?: string; settings: Readonly<Record<string, unknown>> } {
  const text = Object.hasOwn(metadata, name) ? metadata[name]! : '{}';
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    said = undefined;
  }
  if (!isObject(said)) return { settings: {} };
  const { _type: kind, _data: settings } = said;
  return {
    ...(typeof kind === 'string' && { kind }),
    settings: isObject(settings) ? settings : {},
  };
}

function dtypeOf(value: unknown): string | undefined {
  const name = isObject(value) ? value['_data'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
