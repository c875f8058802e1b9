/**
 * AWQ in the layout of its GEMM kernels (`dequantize_gemm` of AutoAWQ, awq/utils/packing_utils.py).
 *
 *     qweight   I32 [in, out * bits / 32]       codes, packed along the second axis
 *     qzeros    I32 [groups, out * bits / 32]   zero points, packed likewise
 *     scales    [groups, out]
 *
 * Of the eight codes of a word, from its lowest bits on, the first four are those of the even columns, the
 * others those of the odd ones. The weight is `(codes - zeros) * scales`, one operation in the type of the
 * scales.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { type RoundedType, roundings } from '../../values/rounding.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { wordsOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { type ColumnGroup, columnGroup, decodeColumns } from './columns.js';
import { groupsInWords, hasFloats, hasShape, siblingsOf, weightName } from './shapes.js';

export interface AwqLayout {
  /** [in, out] */
  readonly shape: readonly [number, number];
  readonly groupSize: number;
}

export interface AwqParts {
  readonly qweight: StoredTensor;
  readonly qzeros: StoredTensor;
  readonly scales: StoredTensor;
}

function awqDecoding(parts: AwqParts, { shape, groupSize }: AwqLayout): Decoding {
  const { qweight, qzeros, scales } = parts;
  const out = shape[1];
  const dtype = scales.dtype as RoundedType;
  const rounding = roundings[dtype];
  const words = out / 8;

  async function groupOf(group: number, signal?: AbortSignal): Promise<ColumnGroup> {
    const [its, packed] = await Promise.all([
      scales.read(group * out, (group + 1) * out, signal),
      wordsOf(qzeros, [group * words, (group + 1) * words], signal),
    ]);
    const zeros = new Uint8Array(out);
    unpackInterleaved(packed, zeros);
    return columnGroup(new Float32Array(its), zeros, rounding);
  }

  return {
    shape,
    dtype,
    bits: 4,
    unit: out,
    async decode(target, start, signal) {
      const row = start / out;
      const end = row + target.length / out;
      const packed = await wordsOf(qweight, [row * words, end * words], signal);
      const codes = new Uint8Array(out);
      for (let i = row; i < end; ) {
        const group = await groupOf(Math.floor(i / groupSize), signal);
        for (const last = Math.min(end, i + groupSize - (i % groupSize)); i < last; i++) {
          const at = i - row;
          unpackInterleaved(packed.subarray(at * words, (at + 1) * words), codes);
          decodeColumns(codes, group, rounding, target.subarray(at * out, (at + 1) * out));
        }
      }
    },
  };
}

function unpackInterleaved(words: Int32Array, codes: Uint8Array): void {
  for (let i = 0, to = 0; i < words.length; i++, to += 8) {
    const word = words[i]!;
    codes[to] = word & 15;
    codes[to + 1] = (word >>> 16) & 15;
    codes[to + 2] = (word >>> 4) & 15;
    codes[to + 3] = (word >>> 20) & 15;
    codes[to + 4] = (word >>> 8) & 15;
    codes[to + 5] = (word >>> 24) & 15;
    codes[to + 6] = (word >>> 12) & 15;
    codes[to + 7] = word >>> 28;
  }
}

export const awq: Scheme<AwqParts, AwqLayout> = {
  name: 'awq',
  codes: /^qweight$/,
  find,
  decoding: awqDecoding,
};

function find(
  qweight: FileTensor,
  model: StoredModel,
): FoundWeight<AwqParts, AwqLayout> | UnreadableWeight | undefined {
  const sibling = siblingsOf(qweight, model);
  const [qzeros, scales] = [sibling('qzeros'), sibling('scales')];
  if (!qzeros || !hasFloats(scales) || qweight.shape.length !== 2) return undefined;
  const parts = { qweight, qzeros, scales };
  const unread = { name: weightName(qweight), quantization: 'AWQ 4 bits', parts };
  const [inputs, words] = qweight.shape as [number, number];
  const [groups, out] = scales.shape as [number, number];
  const kernels = otherKernels(parts);
  if (kernels) {
    const { name, shape } = kernels;
    const unreadable = `AWQ in the layout of ${name} kernels: measure the original, or a checkpoint of version gemm`;
    return { ...unread, shape, dtype: scales.dtype, unreadable };
  }
  if (qweight.dtype !== 'I32' || !hasShape(scales, groups, 8 * words)) return undefined;
  if (qzeros.dtype !== 'I32' || !hasShape(qzeros, groups, words)) {
    return misfit(qweight, unread, qzeros);
  }
  if (inputs % groups !== 0) return misfit(qweight, unread, scales);
  const groupSize = inputs / groups;
  return {
    ...unread,
    quantization: `AWQ 4 bits, ${groupsInWords(groupSize, inputs)}`,
    inputFirst: true,
    layout: { shape: [inputs, out], groupSize },
  };
}

/** Codes as `WQLinear_GEMV` and `WQLinear_GEMVFast` of AutoAWQ have them. */
function otherKernels({
  qweight: { dtype, shape },
  qzeros,
  scales,
}: AwqParts): { name: string; shape: [out: number, inputs: number] } | undefined {
  const [rows, columns] = shape as [number, number];
  const [scaleRows, scaleColumns] = scales.shape as [number, number];
  if (dtype === 'I16' && scaleColumns === 4 * rows) {
    return { name: 'GEMV fast', shape: [scaleColumns, columns] };
  }
  const isRows = scaleRows === rows && qzeros.shape[0] === rows;
  if (dtype === 'I32' && isRows && scaleColumns === 8 * qzeros.shape[1]!) {
    return { name: 'GEMV', shape: [rows, 8 * columns] };
  }
  return undefined;
}
