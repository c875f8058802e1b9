/** Factors of updates as they are written: their values, and the type for them. */
import type { FloatDType } from '../../values/encode.js';
import type { LoraUpdate } from '../adapter.js';

/** Both factors, in the order of the model. */
export interface PlainFactors {
  /** [rank, inputs, ...kernel] */
  readonly a: Float32Array;
  /** [outputs, rank] */
  readonly b: Float32Array;
}

/** The type that factors are written in: their own, or F32 for one that the formats do not share. */
export function writtenType({ dtype }: Pick<LoraUpdate, 'dtype'>): FloatDType {
  return dtype === 'F16' || dtype === 'BF16' ? dtype : 'F32';
}

export async function factorsOf(
  { readA, readB }: LoraUpdate,
  signal: AbortSignal | undefined,
): Promise<PlainFactors> {
  return { a: narrow(await readA(signal)), b: narrow(await readB(signal)) };
}

export function narrow(values: Float32Array | Float64Array): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
