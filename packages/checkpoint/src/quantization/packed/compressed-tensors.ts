/**
 * Packed weights of compressed-tensors (`pack-quantized`; `unpack_from_int32` and `dequantize` of that
 * package).
 *
 *     weight_packed       I32 [out, ceil(in * bits / 32)]    codes, the first one in the lowest bits
 *     weight_scale        [out, groups], or one number
 *     weight_zero_point   I32 [ceil(out * bits / 32), groups], packed along the first axis; or I8 [out, groups]
 *     weight_g_idx        I32 [in]   the group of each input, where inputs are not in their order
 *     weight_shape        I64 [2]
 *
 * Codes and zero points are stored with half their range added. The weight is `(code - zero) * scale`, one
 * operation in the type of the scale.
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { FileTensor } from '../../tensors/file-tensor.js';
import type { Values } from '../../values/decoder.js';
import { type RoundedType, round, roundings } from '../../values/rounding.js';
import { elementCount } from '../../values/sizes.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf, wordsOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { unpackAcross, unpackCodes } from './codes.js';
import { decodeGroups, type GroupDecoder } from './groups.js';
import {
  groupsInWords,
  hasFloats,
  hasShape,
  isShape,
  noSuchGroup,
  siblingsOf,
  weightName,
  wholeNumbers,
} from './shapes.js';

export interface CompressedLayout {
  /** [out, in] */
  readonly shape: readonly [number, number];
  readonly bits: number;
}

export interface CompressedParts {
  readonly packed: StoredTensor;
  readonly scale: StoredTensor;
  readonly zeroPoint?: StoredTensor;
  readonly gIdx?: StoredTensor;
  readonly shape?: StoredTensor;
}

function compressedDecoding(parts: CompressedParts, layout: CompressedLayout): Decoding {
  const { packed, scale, zeroPoint, gIdx } = parts;
  const { shape, bits } = layout;
  const [, columns] = shape;
  const words = packed.shape[1]!;
  const groups = scale.shape[1] ?? 1;
  const dtype = scale.dtype as RoundedType;
  const rounding = roundings[dtype];
  const half = 2 ** (bits - 1);
  // One number for the whole weight, or a row of them for each of its rows.
  const hasRows = scale.shape[0] === shape[0];

  async function scalesOf(
    row: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<ArrayLike<number>> {
    if (hasRows) return scale.read(row * groups, end * groups, signal);
    const [one] = await scale.read(0, 1, signal);
    return new Float32Array(end - row).fill(one!);
  }

  /** What is taken off the stored codes: [rows, groups]. */
  async function zerosOf(row: number, end: number, signal?: AbortSignal): Promise<Int16Array> {
    const zeros = new Int16Array((end - row) * groups).fill(half);
    if (!zeroPoint) return zeros;
    if (zeroPoint.dtype === 'I8') {
      const stored = await zeroPoint.read(row * groups, end * groups, signal);
      return zeros.map((zero, i) => zero + stored[i]!);
    }
    // A code begins with a word at every 32nd row.
    const base = row - (row % 32);
    const range = [((base * bits) / 32) * groups, Math.ceil((end * bits) / 32) * groups] as const;
    const stored = await wordsOf(zeroPoint, range, signal);
    const codes = new Uint8Array(groups);
    for (let i = row; i < end; i++) {
      unpackAcross(stored, i - base, bits, codes);
      zeros.set(codes, (i - row) * groups);
    }
    return zeros;
  }

  return {
    shape,
    dtype,
    bits,
    unit: columns,
    async decode(target, start, signal) {
      const row = start / columns;
      const end = row + target.length / columns;
      const [bytes, scales, zeros, order] = await Promise.all([
        bytesOf(packed, [row * words, end * words], signal),
        scalesOf(row, end, signal),
        zerosOf(row, end, signal),
        gIdx?.read(undefined, undefined, signal),
      ]);
      if (order?.some((group) => !(group >= 0 && group < groups))) throw noSuchGroup(gIdx!, groups);
      decodeRows(bytes, target, { scales, zeros, order });
    },
  };

  function decodeRows(
    bytes: Uint8Array,
    target: Values,
    { scales, zeros, order }: RowScales,
  ): void {
    const codes = new Uint8Array(columns);
    const size = columns / groups;
    const decode: GroupDecoder = (its, from, to, group, into, at) => {
      const [factor, zero] = [scales[group]!, zeros[group]!];
      for (let i = from; i < to; i++)
        into[at + i - from] = round((its[i]! - zero) * factor, rounding);
    };
    for (let row = 0, at = 0; at < target.length; row++, at += columns) {
      unpackCodes(bytes.subarray(4 * words * row), bits, codes);
      const values = target.subarray(at, at + columns);
      const first = row * groups;
      if (!order) decodeGroups(codes, values, { size, decode, levels: 1 << bits, first });
      else {
        for (let i = 0; i < columns; i++) {
          const group = first + order[i]!;
          values[i] = round((codes[i]! - zeros[group]!) * scales[group]!, rounding);
        }
      }
    }
  }
}

/** Of rows, [rows, groups] each. */
interface RowScales {
  readonly scales: ArrayLike<number>;
  readonly zeros: Int16Array;
  /** The group of each column, where columns are not in the order of groups. */
  readonly order: ArrayLike<number> | undefined;
}

export const compressedTensors: Scheme<CompressedParts, CompressedLayout> = {
  name: 'compressed-tensors',
  codes: /^weight_packed$/,
  find,
  decoding: compressedDecoding,
};

async function find(
  packed: FileTensor,
  model: StoredModel,
): Promise<FoundWeight<CompressedParts, CompressedLayout> | UnreadableWeight | undefined> {
  const sibling = siblingsOf(packed, model);
  const [scale, zeroPoint] = [sibling('weight_scale'), sibling('weight_zero_point')];
  const [gIdx, shape] = [sibling('weight_g_idx'), sibling('weight_shape')];
  const [rows, words] = packed.shape;
  if (packed.dtype !== 'I32' || packed.shape.length !== 2 || !hasFloats(scale)) return undefined;
  const parts = {
    packed,
    scale,
    ...defined({ zeroPoint, gIdx, shape }),
  };
  const unread = { name: weightName(packed), quantization: 'compressed-tensors', parts };
  const said = shape && (await wholeNumbers(shape, 2, model.signal));
  if (shape && !(isShape(said) && said.length === 2 && said[0] === rows)) {
    return misfit(packed, unread, shape);
  }
  const sizes = sizesOf(words!, said?.[1], model);
  if (!sizes) return misfit(packed, unread, shape ?? packed);
  const { bits, inputs } = sizes;
  const groups = scale.shape[1] ?? 1;
  const isOne = elementCount(scale.shape) === 1;
  if (!(isOne || (scale.shape[0] === rows && scale.shape.length <= 2)) || inputs % groups !== 0) {
    return misfit(packed, unread, scale);
  }
  if (zeroPoint && !fitsZeros(zeroPoint, [rows!, groups], bits)) {
    return misfit(packed, unread, zeroPoint);
  }
  if (gIdx && (gIdx.dtype !== 'I32' || !hasShape(gIdx, inputs)))
    return misfit(packed, unread, gIdx);
  return {
    ...unread,
    quantization: `compressed-tensors ${bits} bits, ${isOne ? 'one scale' : groupsInWords(inputs / groups, inputs)}`,
    layout: { shape: [rows!, inputs], bits },
  };
}

/** Bits that make a row of so many words; of several, those of the configuration. */
function sizesOf(
  words: number,
  inputs: number | undefined,
  { settings }: StoredModel,
): { bits: number; inputs: number } | undefined {
  const said = JSON.stringify(settings['config_groups'] ?? {}).match(/"num_bits":([1-8])\b/)?.[1];
  if (inputs === undefined) {
    const bits = Number(said ?? 4);
    return { bits, inputs: Math.floor((words * 32) / bits) };
  }
  const fitting = [4, 8, 1, 2, 3, 5, 6, 7].filter(
    (bits) => Math.ceil((inputs * bits) / 32) === words,
  );
  const bits = fitting.find((each) => each === Number(said)) ?? fitting[0];
  return bits === undefined ? undefined : { bits, inputs };
}

function fitsZeros(
  zeros: FileTensor,
  [rows, groups]: readonly [number, number],
  bits: number,
): boolean {
  if (zeros.dtype === 'I8') return elementCount(zeros.shape) === rows * groups;
  return zeros.dtype === 'I32' && hasShape(zeros, Math.ceil((rows * bits) / 32), groups);
}
