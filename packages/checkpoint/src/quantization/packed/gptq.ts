/**
 * GPTQ, as AutoGPTQ and GPTQModel store it (`dequantize_weight` of gptqmodel 7, nn_modules/qlinear); also
 * AutoRound's files in that layout.
 *
 *     qweight   I32 [in * bits / 32, out]       codes, packed along the first axis
 *     qzeros    I32 [groups, out * bits / 32]   zero points, packed along the second
 *     scales    [groups, out]
 *     g_idx     I32 [in]                        the group of each input
 *
 * A column of `qweight` is a stream of codes in words, the first code in the lowest bits; the same holds for
 * a row of `qzeros`. The weight is `scales[g_idx] * (codes - zeros[g_idx])`, one operation in the type of the
 * scales. Files of the first version have zero points less one.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import { quoted } from '../../errors.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import type { Values } from '../../values/decoder.js';
import { type RoundedType, roundings } from '../../values/rounding.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf, wordsOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { unpackAcross, unpackCodes } from './codes.js';
import { type ColumnGroup, columnGroup, decodeColumns, decodeWords } from './columns.js';
import {
  groupsInWords,
  hasFloats,
  hasShape,
  noSuchGroup,
  siblingsOf,
  weightName,
} from './shapes.js';

export interface GptqLayout {
  /** [in, out] */
  readonly shape: readonly [number, number];
  readonly bits: number;
  /** Inputs of a group, where no tensor says which group an input has. */
  readonly groupSize: number;
  /** What has to be added to stored zero points. */
  readonly zeroOffset: 0 | 1;
}

export interface GptqParts {
  readonly qweight: StoredTensor;
  readonly qzeros: StoredTensor;
  readonly scales: StoredTensor;
  readonly gIdx?: StoredTensor;
}

function gptqDecoding(parts: GptqParts, layout: GptqLayout): Decoding {
  const { qweight, qzeros, scales, gIdx } = parts;
  const { shape, bits, groupSize, zeroOffset } = layout;
  const out = shape[1];
  const groupCount = scales.shape[0]!;
  const dtype = scales.dtype as RoundedType;
  const rounding = roundings[dtype];
  const endsWithWord = 32 % bits === 0;
  const mask = (1 << bits) - 1;

  async function groupsOf(row: number, end: number, signal?: AbortSignal): Promise<Int32Array> {
    const groups = gIdx
      ? new Int32Array(await gIdx.read(row, end, signal))
      : Int32Array.from({ length: end - row }, (_, i) => Math.floor((row + i) / groupSize));
    if (groups.every((group) => group >= 0 && group < groupCount)) return groups;
    throw noSuchGroup(gIdx!, groupCount);
  }

  /** Scales and zero points of the groups from the first to the last one that occurs. */
  async function read(used: Int32Array, signal?: AbortSignal): Promise<Map<number, ColumnGroup>> {
    const [first, last] = bounds(used);
    const words = qzeros.shape[1]!;
    const [scaleRows, bytes] = await Promise.all([
      scales.read(first * out, (last + 1) * out, signal),
      bytesOf(qzeros, [first * words, (last + 1) * words], signal),
    ]);
    // Of a word, all zero points at once, as the program does where codes end with it.
    if (zeroOffset === 1 && endsWithWord) addToWords(bytes, 0xffffffff / mask);
    const groups = new Map<number, ColumnGroup>();
    for (const group of new Set(used)) {
      const zeros = new Uint8Array(out);
      unpackCodes(bytes.subarray(4 * words * (group - first)), bits, zeros);
      if (zeroOffset === 1 && !endsWithWord) {
        for (let i = 0; i < out; i++) zeros[i] = (zeros[i]! + 1) & mask;
      }
      const from = (group - first) * out;
      const its = new Float32Array(scaleRows.subarray(from, from + out));
      groups.set(group, columnGroup(its, zeros, rounding));
    }
    return groups;
  }

  return {
    shape,
    dtype,
    bits,
    unit: (endsWithWord ? 32 / bits : 32) * out,
    async decode(target, start, signal) {
      const row = start / out;
      const count = target.length / out;
      const [from, to] = [(row * bits) / 32, Math.ceil(((row + count) * bits) / 32)];
      const used = await groupsOf(row, row + count, signal);
      const [words, groups] = await Promise.all([
        wordsOf(qweight, [from * out, to * out], signal),
        read(used, signal),
      ]);
      decodeRows(
        words,
        Array.from(used, (group) => groups.get(group)!),
        target,
      );
    },
  };

  function decodeRows(words: Int32Array, groups: readonly ColumnGroup[], target: Values): void {
    const codes = new Uint8Array(out);
    const rowsOfWord = endsWithWord ? 32 / bits : 1;
    for (let row = 0; row < groups.length; row += rowsOfWord) {
      const end = Math.min(groups.length, row + rowsOfWord);
      const first = groups[row]!;
      if (endsWithWord && first.isNormal && isConstant(groups, row, row + rowsOfWord)) {
        const from = (row / rowsOfWord) * out;
        const part = target.subarray(row * out, end * out);
        decodeWords(words.subarray(from, from + out), bits, first, rounding, part);
      } else {
        for (let i = row; i < end; i++) {
          unpackAcross(words, i, bits, codes);
          decodeColumns(codes, groups[i]!, rounding, target.subarray(i * out, (i + 1) * out));
        }
      }
    }
  }
}

function addToWords({ buffer }: Uint8Array<ArrayBuffer>, ones: number): void {
  const words = new Int32Array(buffer);
  for (let i = 0; i < words.length; i++) words[i]! += ones;
}

function bounds(values: Int32Array): [least: number, most: number] {
  let [least, most] = [values[0]!, values[0]!];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** Whether all of the rows are there and alike. */
function isConstant(groups: readonly ColumnGroup[], from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (groups[i] !== groups[from]) return false;
  return true;
}

export const gptq: Scheme<GptqParts, GptqLayout> = {
  name: 'gptq',
  codes: /^qweight$/,
  find,
  decoding: gptqDecoding,
};

function find(
  qweight: FileTensor,
  model: StoredModel,
): FoundWeight<GptqParts, GptqLayout> | UnreadableWeight | undefined {
  const sibling = siblingsOf(qweight, model);
  const [qzeros, scales, gIdx] = [sibling('qzeros'), sibling('scales'), sibling('g_idx')];
  if (!qzeros || !hasFloats(scales) || qweight.dtype !== 'I32') return undefined;
  const [groups, out] = scales.shape;
  if (qweight.shape.length !== 2 || qweight.shape[1] !== out) return undefined;
  const parts = { qweight, qzeros, scales, ...(gIdx && { gIdx }) };
  const unread = { name: weightName(qweight), quantization: 'GPTQ', parts };
  const sizes = sizesOf(parts, model);
  if (!sizes) return misfit(qweight, unread, qzeros);
  const { bits, inputs } = sizes;
  if (gIdx && (gIdx.dtype !== 'I32' || !hasShape(gIdx, inputs))) {
    return misfit(qweight, unread, gIdx);
  }
  const groupSize = groupSizeOf(inputs, groups!, model);
  if (!groupSize && !gIdx) return misfit(qweight, unread, scales);
  const size = groupSize ?? Math.ceil(inputs / groups!);
  const quantization = `GPTQ ${bits} bits, ${groupsInWords(size, inputs)}`;
  const format = model.settings['checkpoint_format'];
  if (typeof format === 'string' && !formats.includes(format)) {
    const unreadable = `GPTQ in the layout ${quoted(format)}: measure the original, or a checkpoint in the layout gptq`;
    const shape = [inputs, out!];
    return { ...unread, quantization, shape, dtype: scales.dtype, unreadable };
  }
  return {
    ...unread,
    quantization,
    inputFirst: true,
    layout: { shape: [inputs, out!], bits, groupSize: size, zeroOffset: zeroOffsetOf(model) },
  };
}

/** Those that are stored as described above. */
const formats = ['gptq', 'gptq_v2'];

/** Bits and inputs that fit the shapes of codes and zero points; of several, as the configuration says. */
function sizesOf(
  { qweight, qzeros, scales, gIdx }: GptqParts,
  { settings }: StoredModel,
): { bits: number; inputs: number } | undefined {
  const [words] = qweight.shape as [number];
  const [groups, out] = scales.shape as [number, number];
  const fitting = [4, 8, 3, 2].filter((bits) => {
    const isWhole = (words * 32) % bits === 0 || gIdx !== undefined;
    return isWhole && hasShape(qzeros as FileTensor, groups, Math.ceil((out * bits) / 32));
  });
  const bits = fitting.find((each) => each === settings['bits']) ?? fitting[0];
  if (bits === undefined || qzeros.dtype !== 'I32') return undefined;
  const most = Math.floor((words * 32) / bits);
  const [inputs = most] = gIdx?.shape ?? [];
  return { bits, inputs: Math.ceil((inputs * bits) / 32) === words ? inputs : most };
}

function groupSizeOf(
  inputs: number,
  groups: number,
  { settings }: StoredModel,
): number | undefined {
  const size = settings['group_size'];
  if (typeof size === 'number' && size > 0 && Math.ceil(inputs / size) === groups) return size;
  return inputs % groups === 0 ? inputs / groups : undefined;
}

/** AutoRound names the layout of its files, and leaves one out where it is that of AutoGPTQ. */
function zeroOffsetOf({ settings }: StoredModel): 0 | 1 {
  if (settings['checkpoint_format'] === 'gptq_v2') return 0;
  const isAutoRound = /auto[-_]round/.test(String(settings['quant_method']));
  const packing = settings['packing_format'];
  return isAutoRound && (packing === 'auto_round' || packing === 'auto_round:gptqmodel') ? 0 : 1;
}
