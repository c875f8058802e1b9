/** Floats of four bits in the layouts that no program beside us writes, against the numbers of the definition. */
import type { DType } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { modelOf, vector } from '../../test-support/adapters.js';
import { encodeValues } from '../../values/encode.js';

const up = 'model.layers.0.mlp.up_proj';
/** OCP Microscaling Formats, table 5: all codes of E2M1. */
const numbers = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
const valueOf4 = (code: number): number => (code & 8 ? -1 : 1) * numbers[code & 7]!;

const stored = (
  name: string,
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
): TensorData => {
  return { name, dtype, shape, bytes };
};
const bytes = Uint8Array.from({ length: 2 * 32 }, (_, i) => (i * 37 + 11) % 256);
/** The elements of two rows of 64, the lower half of a byte first. */
const elements = [...bytes].flatMap((byte) => [valueOf4(byte & 15), valueOf4(byte >> 4)]);

const bfloat16 = (values: number[]): number[] => {
  const encoded = encodeValues(Float32Array.from(values), 'BF16');
  const halves = new Uint16Array(encoded.buffer, encoded.byteOffset, values.length);
  return [...new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer)];
};

async function weightOf(tensors: readonly TensorData[]) {
  const { tensors: weights } = await modelOf(tensors);
  return weights.find(({ name }) => name === `${up}.weight`)!;
}

describe('NVFP4 of ModelOpt', () => {
  // 1.5, 2, 0.5, 448, ... of E4M3, one for each 16 elements.
  const codes = [0x3c, 0x40, 0x30, 0x7e, 0x01, 0x38, 0x08, 0x44];
  const scales = [1.5, 2, 0.5, 448, 2 ** -9, 1, 2 ** -6, 3];
  const scale = stored(`${up}.weight_scale`, 'F8_E4M3', [2, 4], Uint8Array.from(codes));

  it.each<DType>(['U8', 'I8'])('of %s multiplies by both scales', async (dtype) => {
    const weight = await weightOf([
      stored(`${up}.weight`, dtype, [2, 32], bytes),
      scale,
      vector(`${up}.weight_scale_2`, [0.1]),
    ]);
    expect(weight).toMatchObject({
      shape: [2, 64],
      dtype: 'BF16',
      role: 'up_proj',
      kind: 'projection',
      quantization: 'NVFP4, scales of 16',
    });
    const expected = elements.map(
      (value, i) => value * Math.fround(scales[Math.floor(i / 16)]! * Math.fround(0.1)),
    );
    expect([...(await weight.read())]).toEqual(bfloat16(expected));
  });
});

describe('MXFP4 beside scales of powers of two', () => {
  it.each<[DType, number[]]>([
    ['I8', [2, 32]],
    ['F4', [2, 64]],
  ])('of %s', async (dtype, shape) => {
    const weight = await weightOf([
      stored(`${up}.weight`, dtype, shape, bytes),
      stored(`${up}.scale`, 'F8_E8M0', [2, 2], Uint8Array.of(127, 120, 130, 100)),
    ]);
    expect(weight).toMatchObject({ shape: [2, 64], quantization: 'MXFP4, scales of 32' });
    const scales = [1, 2 ** -7, 8, 2 ** -27];
    const expected = elements.map((value, i) => value * scales[Math.floor(i / 32)]!);
    expect([...(await weight.read())]).toEqual(expected);
    expect([...(await weight.read(5, 70))]).toEqual(expected.slice(5, 70));
  });
});

it('bytes without scales of these kinds are bytes', async () => {
  const weight = await weightOf([stored(`${up}.weight`, 'U8', [2, 32], bytes)]);
  expect(weight).toMatchObject({ dtype: 'U8', shape: [2, 32] });
  expect(weight.quantization).toBeUndefined();
});
