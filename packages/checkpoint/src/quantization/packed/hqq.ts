/**
 * HQQ, as `HQQLinear` stores itself (`Quantizer.dequantize` of hqq/core/quantize.py, hqq/core/bitpack.py).
 *
 *     W_q     codes of the weight as groups: [groups, group size] for axis 1, [group size, groups] for axis 0
 *     scale   [groups, 1], or [1, groups]
 *     zero    likewise
 *     shape   [out, in]
 *
 * Rows of codes are packed by their first axis: the first part of them lies in the highest bits of the stored
 * elements, the next one below. Of 8, 4, 2 and 1 bits, as many parts fill a byte (5 and 6 bits take a whole
 * one); of 3 bits, ten fill the lower bits of an I32, and the rows are padded to a multiple of ten. The weight
 * is `(codes - zero) * scale`, two operations in the type of the scale.
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { FileTensor } from '../../tensors/file-tensor.js';
import type { Values } from '../../values/decoder.js';
import { type RoundedType, round, roundings } from '../../values/rounding.js';
import { elementCount, storedBytes } from '../../values/sizes.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { decodeGroups, type GroupDecoder } from './groups.js';
import {
  groupsInWords,
  hasFloats,
  hasShape,
  isShape,
  siblingsOf,
  weightName,
  wholeNumbers,
} from './shapes.js';

export interface HqqLayout {
  readonly shape: readonly number[];
  readonly bits: 1 | 2 | 3 | 4 | 8;
  /** Of the codes before they are packed. */
  readonly rows: number;
  readonly columns: number;
  /** 1 where each row is a group, 0 where each column is one. */
  readonly axis: 0 | 1;
}

export interface HqqParts {
  readonly codes: StoredTensor;
  readonly scale: StoredTensor;
  readonly zero: StoredTensor;
  /** And what is not read any more. */
  readonly [setting: string]: StoredTensor;
}

function hqqDecoding({ codes: packed, scale, zero }: HqqParts, layout: HqqLayout): Decoding {
  const { shape, bits, rows, columns, axis } = layout;
  const dtype = scale.dtype as RoundedType;
  const rounding = roundings[dtype];
  const parts = bits === 3 ? 10 : 8 / bits;
  const partRows = Math.ceil(rows / parts);
  /** Bytes of the element that holds a code of each part; elements may be stored as a wider type. */
  const bytes = bits === 3 ? 4 : 1;
  const stored = bytes / storedBytes(packed.dtype, 1);

  return {
    shape,
    dtype,
    bits: 8 * bytes,
    unit: columns,
    async decode(target, start, signal) {
      const end = (start + target.length) / columns;
      const range = axis === 1 ? ([start / columns, end] as const) : ([0, columns] as const);
      const [scales, zeros] = await Promise.all([
        scale.read(...range, signal),
        zero.read(...range, signal),
      ]);
      /** In rows that are groups, counted from the first one that is asked for. */
      const decode: GroupDecoder = (codes, from, to, group, into, at) => {
        const [factor, zeroPoint] = [scales[group]!, zeros[group]!];
        for (let i = from; i < to; i++) {
          into[at + i - from] = round(round(codes[i]! - zeroPoint, rounding) * factor, rounding);
        }
      };
      for (let row = start / columns, at = 0; row < end; ) {
        const part = Math.floor(row / partRows);
        const first = row - part * partRows;
        const count = Math.min(partRows - first, end - row);
        const elements = [first * columns * stored, (first + count) * columns * stored] as const;
        const codes = new Uint8Array(count * columns);
        const shift = (parts - 1 - part) * bits;
        unpackPart(await bytesOf(packed, elements, signal), shift, bits, codes);
        const values = target.subarray(at, at + codes.length);
        if (axis === 1) {
          const levels = 1 << bits;
          const first = row - start / columns;
          decodeGroups(codes, values, { size: columns, decode, levels, first });
        } else decodeColumns(codes, values, scales, zeros);
        row += count;
        at += codes.length;
      }
    },
  };

  /** Of rows whose groups are their columns. */
  function decodeColumns(
    codes: Uint8Array,
    target: Values,
    scales: ArrayLike<number>,
    zeros: ArrayLike<number>,
  ): void {
    for (let from = 0; from < target.length; from += columns) {
      for (let column = 0; column < columns; column++) {
        const difference = round(codes[from + column]! - zeros[column]!, rounding);
        target[from + column] = round(difference * scales[column]!, rounding);
      }
    }
  }
}

function unpackPart(bytes: Uint8Array, shift: number, bits: number, codes: Uint8Array): void {
  const mask = (1 << bits) - 1;
  const elements = bits === 3 ? new Int32Array(bytes.buffer) : bytes;
  for (let i = 0; i < codes.length; i++) codes[i] = (elements[i]! >>> shift) & mask;
}

export const hqq: Scheme<HqqParts, HqqLayout> = {
  name: 'hqq',
  codes: /^W_q$/,
  find,
  decoding: hqqDecoding,
};

/** What else a layer stores of itself. */
const settings = [
  ...['nbits', 'group_size', 'axis', 'packing', 'unpack_view_dtype', 'view_as_float'],
  ...['quant_scale', 'quant_zero', 'compute_dtype', 'offload_meta', 'encoded_state_dict'],
  ...['stores_quant_config', 'channel_wise', 'optimize', 'round_zero'],
];

async function find(
  codes: FileTensor,
  model: StoredModel,
): Promise<FoundWeight<HqqParts, HqqLayout> | UnreadableWeight | undefined> {
  const sibling = siblingsOf(codes, model);
  const [scale, zero, stored] = [sibling('scale'), sibling('zero'), sibling('shape')];
  const others = defined(Object.fromEntries(settings.map((name) => [name, sibling(name)])));
  const parts = { ...others, ...defined({ codes, scale, zero, shape: stored }) };
  const unread = { name: weightName(codes), quantization: 'HQQ', parts };
  if (!hasFloats(scale) || !hasFloats(zero) || !stored) {
    const unreadable =
      'HQQ whose scales or shape are not numbers beside the codes: measure the original checkpoint';
    return { ...unread, shape: codes.shape, dtype: codes.dtype, unreadable };
  }
  const shape = await wholeNumbers(stored, 8, model.signal);
  if (!isShape(shape)) return misfit(codes, unread, stored);
  const all = elementCount(shape);
  const [first, second] = scale.shape;
  const axis = second === 1 ? 1 : 0;
  const [rows, columns] = axis === 1 ? [first!, all / first!] : [all / second!, second!];
  if (scale.shape.length !== 2 || !Number.isInteger(rows) || !Number.isInteger(columns)) {
    return misfit(codes, unread, scale);
  }
  if (!hasShape(zero, ...scale.shape) || zero.dtype !== scale.dtype) {
    return misfit(codes, unread, zero);
  }
  const bits = bitsOf(codes, rows, columns);
  if (!bits) return misfit(codes, unread, stored);
  const size = axis === 1 ? columns : rows;
  return {
    ...unread,
    quantization: `HQQ ${bits} bits, ${groupsInWords(size, shape.at(-1)!)}`,
    parts: { ...others, codes, scale, zero, shape: stored },
    layout: { shape, bits, rows, columns, axis },
  };
}

/** Those that make as many bytes of codes as there are. */
function bitsOf(
  { dtype, shape }: FileTensor,
  rows: number,
  columns: number,
): HqqLayout['bits'] | undefined {
  const bytes = storedBytes(dtype, elementCount(shape));
  if (columns % storedBytes(dtype, 1) !== 0 && dtype !== 'I32') return undefined;
  if (dtype === 'I32') return bytes === Math.ceil(rows / 10) * columns * 4 ? 3 : undefined;
  return ([8, 4, 2, 1] as const).find(
    (bits) => bytes * 8 === rows * columns * bits && rows % (8 / bits) === 0,
  );
}
