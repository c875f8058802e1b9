/**
 * Weights rounded to a narrower type as they are read, as a program has them that loads a checkpoint in half
 * precision: to nearest, ties to even, subnormals included (IEEE 754). Values of 64 bits are rounded to float32
 * first, as PyTorch does.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import {
  type CastType,
  elementTypes,
  quantizationOf,
  type WeightTensor,
} from '@alphalora/contracts/weights';
import { decodeValues } from '../values/decode.js';
import { encodeValues, type FloatDType } from '../values/encode.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import { checkRange } from './range.js';
import { noted, plainWeight } from './recipe.js';

interface Cast {
  readonly dtype: FloatDType;
  /** The bits of infinity. */
  readonly infinity: number;
  readonly largest: string;
}

const casts: Readonly<Record<CastType, Cast>> = {
  float16: { dtype: 'F16', infinity: 0x7c00, largest: '65504' },
  bfloat16: { dtype: 'BF16', infinity: 0x7f80, largest: '3.39e38' },
};

/** Elements that are rounded at a time. */
const CHUNK = 1 << 18;

/**
 * The weight as if it were stored in that type. Integers, and what cannot be read, stay as they are.
 * Reading it throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` where a finite value would become infinite.
 */
export function castWeight(weight: WeightTensor, type: CastType): WeightTensor {
  const { dtype } = casts[type];
  const { read: _, readInto: __, identity, ...description } = weight;
  const { name, shape, unreadable } = description;
  const stored = elementTypes[weight.dtype];
  if (weight.dtype === dtype || unreadable !== undefined || stored.values !== 'float') {
    return weight;
  }
  const count = elementCount(shape);
  const readInto = async (
    target: Uint8Array,
    start: number,
    signal?: AbortSignal,
  ): Promise<void> => {
    const end = start + target.byteLength / elementTypes[dtype].bytes;
    checkRange(name, start, end, count);
    for (let at = start; at < end; at += CHUNK) {
      const values = await weight.read(at, Math.min(at + CHUNK, end), signal);
      target.set(rounded(values, type, name), storedBytes(dtype, at - start));
    }
  };
  const cast: WeightTensor = {
    ...description,
    dtype,
    // Its type does not tell any more that it was.
    ...defined({ quantization: quantizationOf(weight) }),
    async read(start = 0, end = count, signal) {
      checkRange(name, start, end, count);
      const bytes = new Uint8Array(storedBytes(dtype, end - start));
      await readInto(bytes, start, signal);
      return decodeValues(bytes, dtype);
    },
    readInto,
    ...(identity !== undefined && { identity: `${identity} as ${type}` }),
  };
  const whole = plainWeight(weight);
  return noted(cast, whole && { from: 'cast', whole, type });
}

/** The stored bytes of the rounded values. */
function rounded(values: Float32Array | Float64Array, type: CastType, tensor: string): Uint8Array {
  const { dtype, infinity, largest } = casts[type];
  const single = values instanceof Float32Array ? values : Float32Array.from(values);
  const bytes = encodeValues(single, dtype);
  const codes = new Uint16Array(bytes.buffer, bytes.byteOffset, single.length);
  for (let i = 0; i < codes.length; i++) {
    if ((codes[i]! & 0x7fff) === infinity && Number.isFinite(values[i])) {
      throw new AlphaLoraError(
        'UNSUPPORTED_CHECKPOINT',
        `${tensor}: cast to ${type}, its value ${values[i]} becomes infinite: the largest is ${largest}`,
        { details: { tensor } },
      );
    }
  }
  return bytes;
}
