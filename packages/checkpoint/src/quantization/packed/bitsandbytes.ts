/**
 * NF4 and FP4 of bitsandbytes (`dequantize_4bit` of bitsandbytes/functional.py).
 *
 *     weight                        codes of four bits, the first one of a byte in its upper half
 *     weight.absmax                 F32, or U8 with double quantization: the scale of each block
 *     weight.nested_absmax          F32, the scale of each block of scales
 *     weight.nested_quant_map       F32 [256], what the codes of scales stand for
 *     weight.quant_state.bitsandbytes__nf4    JSON: shape, type, sizes of blocks, offset of the scales
 *
 * Blocks are runs of elements of the whole weight, in row-major order. The program computes in float32 and
 * rounds to the type of the weight at last. It does not read `quant_map`: the codes of NF4 and FP4 stand
 * for the same numbers always.
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { type JsonObject, parseJsonObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { isFloat, type RoundedType, round, roundings } from '../../values/rounding.js';
import { elementCount, storedBytes } from '../../values/sizes.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf } from '../parts.js';
import type { FoundWeight, Scheme, StoredModel, UnreadableWeight } from '../scheme.js';
import { floatNamed } from '../settings.js';
import { decodePacked } from './groups.js';
import { isShape } from './shapes.js';

export interface BitsAndBytesLayout {
  readonly shape: readonly number[];
  readonly dtype: RoundedType;
  readonly type: 'nf4' | 'fp4';
  readonly blockSize: number;
  /** Of double quantization. */
  readonly nested?: { readonly blockSize: number; readonly offset: number };
}

export interface BitsAndBytesParts {
  readonly weight: StoredTensor;
  readonly absmax: StoredTensor;
  readonly nestedAbsmax?: StoredTensor;
  readonly nestedQuantMap?: StoredTensor;
  /** Not read any more. */
  readonly quantMap?: StoredTensor;
  readonly state: StoredTensor;
}

/** Quantiles of the normal distribution (QLoRA, arXiv:2305.14314, appendix E), and floats of 1 + 2 + 1 bits. */
const numbers = {
  nf4: Float32Array.of(
    ...[-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453],
    ...[-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0],
    ...[0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224],
    ...[0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1],
  ),
  fp4: Float32Array.from(
    [0, 0.0625, 8, 12, 4, 6, 2, 3, 0, -0.0625, -8, -12, -4, -6, -2, -3],
    (value) => value / 12,
  ),
} as const;

function bitsAndBytesDecoding(parts: BitsAndBytesParts, layout: BitsAndBytesLayout): Decoding {
  const { weight, absmax, nestedAbsmax, nestedQuantMap } = parts;
  const { shape, dtype, type, blockSize, nested } = layout;
  const rounding = roundings[dtype];
  const values = numbers[type];
  const count = elementCount(shape);
  /** Of a stored element, which may be wider than a byte. */
  const width = storedBytes(weight.dtype, 1);

  async function scalesOf(from: number, to: number, signal?: AbortSignal): Promise<Float32Array> {
    if (!nested) return new Float32Array(await absmax.read(from, to, signal));
    const first = Math.floor(from / nested.blockSize);
    const [codes, scales, map] = await Promise.all([
      bytesOf(absmax, [from, to], signal),
      nestedAbsmax!.read(first, Math.ceil(to / nested.blockSize), signal),
      nestedQuantMap!.read(undefined, undefined, signal),
    ]);
    const offset = Math.fround(nested.offset);
    const all = new Float32Array(codes.length);
    for (let i = 0; i < all.length; i++) {
      const scale = scales[Math.floor((from + i) / nested.blockSize) - first]!;
      all[i] = Math.fround(map[codes[i]!]! * scale) + offset;
    }
    return all;
  }

  return {
    shape,
    dtype,
    bits: 4,
    unit: blockSize,
    async decode(target, start, signal) {
      const end = start + target.length;
      const range = [start / 2 / width, Math.ceil(Math.min(end, count) / 2 / width)] as const;
      const [bytes, scales] = await Promise.all([
        bytesOf(weight, range, signal),
        scalesOf(start / blockSize, Math.ceil(end / blockSize), signal),
      ]);
      decodePacked({ bytes, bits: 4, upperFirst: true }, target, {
        size: blockSize,
        decode(codes, from, to, block, into, at) {
          const scale = scales[block]!;
          for (let i = from; i < to; i++) {
            into[at + i - from] = round(Math.fround(values[codes[i]!]! * scale), rounding);
          }
        },
      });
    },
  };
}

export const bitsAndBytes: Scheme<BitsAndBytesParts, BitsAndBytesLayout> = {
  name: 'bitsandbytes',
  // Parameters of stacked experts have names of their own.
  codes: /./,
  find,
  decoding: bitsAndBytesDecoding,
};

/** The program writes some 200 bytes. */
const LONGEST_STATE = 10_000;

async function find(
  weight: FileTensor,
  { get, signal }: StoredModel,
): Promise<FoundWeight<BitsAndBytesParts, BitsAndBytesLayout> | UnreadableWeight | undefined> {
  const { name } = weight;
  const type = (['nf4', 'fp4'] as const).find((each) => get(stateName(name, each)));
  const absmax = get(`${name}.absmax`);
  if (!type || !absmax) return undefined;
  const state = get(stateName(name, type))!;
  const [nestedAbsmax, nestedQuantMap] = [
    get(`${name}.nested_absmax`),
    get(`${name}.nested_quant_map`),
  ];
  const parts = {
    weight,
    absmax,
    state,
    ...defined({ nestedAbsmax, nestedQuantMap, quantMap: get(`${name}.quant_map`) }),
  };
  const unread = { name, quantization: type.toUpperCase(), parts };
  const layout = await layoutOf(state, { type, isNested: nestedAbsmax !== undefined }, signal);
  if (!layout) {
    const unreadable = `${type.toUpperCase()} of bitsandbytes without a valid description of the weight: export it again`;
    return { ...unread, shape: weight.shape, dtype: weight.dtype, unreadable };
  }
  const { shape, blockSize, nested } = layout;
  const count = elementCount(shape);
  const bytes = storedBytes(weight.dtype, elementCount(weight.shape));
  const width = storedBytes(weight.dtype, 1);
  if (bytes !== Math.ceil(Math.ceil(count / 2) / width) * width) {
    return misfit(weight, unread, state);
  }
  const blocks = Math.ceil(count / blockSize);
  const isScaled = nested ? absmax.dtype === 'U8' : isFloat(absmax.dtype);
  if (!isScaled || elementCount(absmax.shape) !== blocks) return misfit(weight, unread, absmax);
  if (nested) {
    const scales = elementCount(nestedAbsmax!.shape);
    if (!isFloat(nestedAbsmax!.dtype) || scales !== Math.ceil(blocks / nested.blockSize)) {
      return misfit(weight, unread, nestedAbsmax!);
    }
    if (!nestedQuantMap) return misfit(weight, unread, absmax);
    if (!isFloat(nestedQuantMap.dtype) || elementCount(nestedQuantMap.shape) !== 256) {
      return misfit(weight, unread, nestedQuantMap);
    }
  }
  const twice = nested ? ', double quantization' : '';
  return {
    ...unread,
    quantization: `${type.toUpperCase()}, blocks of ${blockSize}${twice}`,
    layout,
  };
}

function stateName(weight: string, type: string): string {
  return `${weight}.quant_state.bitsandbytes__${type}`;
}

async function layoutOf(
  state: FileTensor,
  { type, isNested }: { type: 'nf4' | 'fp4'; isNested: boolean },
  signal: AbortSignal | undefined,
): Promise<BitsAndBytesLayout | undefined> {
  if (state.dtype !== 'U8' || elementCount(state.shape) > LONGEST_STATE) return undefined;
  const said = parsed(await bytesOf(state, [0, elementCount(state.shape)], signal), state.file);
  const { shape, blocksize: blockSize, nested_blocksize: nestedSize } = said;
  const [dtype, offset] = [floatNamed(said['dtype']), said['nested_offset']];
  if (!isShape(shape) || !isBlockSize(blockSize) || !dtype) return undefined;
  if (!isNested) return { shape, dtype, type, blockSize };
  if (!isBlockSize(nestedSize) || typeof offset !== 'number') return undefined;
  return { shape, dtype, type, blockSize, nested: { blockSize: nestedSize, offset } };
}

/** Empty where it is no JSON. */
function parsed(bytes: Uint8Array, file: string): JsonObject {
  try {
    return parseJsonObject(bytes, file);
  } catch {
    return {};
  }
}

/** Powers of two, of whole stored elements. */
function isBlockSize(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    value >= 8 &&
    value <= 2 ** 20 &&
    Number.isInteger(Math.log2(value))
  );
}
