/** Quantized weights that `packed-weights.py` and `scaled-weights.py` wrote: what is stored, and what other programs make of it. */
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import { expect } from 'vitest';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { decodeValues } from '../values/decode.js';
import { modelOf } from './adapters.js';

interface Stored {
  readonly dtype: DType;
  readonly shape: number[];
  /** In base64, as all bytes here. */
  readonly bytes: string;
}

export interface PackedCase {
  readonly name: string;
  readonly config: object;
  /** Of the file. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, Stored>>;
  readonly weight: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: string;
}

export function tensorsOf({ tensors }: Pick<PackedCase, 'tensors'>): TensorData[] {
  return Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => ({
    name,
    dtype,
    shape,
    bytes: bytesOf(bytes),
  }));
}

/** The weight has the type and shape of the other program and its values, bit for bit; its parts are none. */
export async function expectDequantized(packed: PackedCase): Promise<void> {
  const { weight: name, dtype, shape, values, config, metadata } = packed;
  const { tensors } = await modelOf(tensorsOf(packed), {}, config, metadata);
  const weight = tensors.find((tensor) => tensor.name === name);
  expect({ ...weight }).toMatchObject({ name, dtype, shape });
  expect(weight!.quantization).toBeDefined();
  for (const other of tensors.filter((tensor) => tensor !== weight)) {
    expect({ ...other }).toMatchObject({ kind: 'other', notMatrix: /part of quantized weights/ });
  }
  const expected = decodeValues(bytesOf(values), dtype);
  expectSame(await weight!.read(), expected);
  // Ranges that begin and end within bytes, groups, rows and rows that are stored together.
  const { length } = expected;
  const middle = Math.floor(length / 2) - 13;
  for (const [start, end] of [
    [0, 1],
    [1, 2],
    [middle, middle + 77],
    [33, length - 5],
    [length - 3, length],
  ] as const) {
    expectSame(await weight!.read(start, end), expected.subarray(start, end));
  }
}

function expectSame(values: ArrayLike<number>, expected: ArrayLike<number>): void {
  let odd = 0;
  while (odd < expected.length && Object.is(values[odd], expected[odd])) odd++;
  const [length, at] = [expected.length, odd < expected.length ? odd : undefined];
  expect({ length: values.length, odd: at, value: values[odd] }).toEqual({
    length,
    odd: undefined,
    value: expected[odd],
  });
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** A tensor of whole numbers, small enough for its type. */
export function whole(name: string, dtype: DType, shape: number[], value = 0): TensorData {
  const count = shape.reduce((product, length) => product * length, 1);
  const bytes = new Uint8Array(elementTypes[dtype].bytes * count).fill(value);
  return { name, dtype, shape, bytes };
}
