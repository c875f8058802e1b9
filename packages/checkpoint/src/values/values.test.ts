import type { DType } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeValues } from './decode.js';
import { encodeValues, type FloatDType } from './encode.js';

const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: NAN } = Number;
const decode = (dtype: DType, bytes: ArrayLike<number>): number[] => [
  ...decodeValues(Uint8Array.from(bytes), dtype),
];
const zeros = (length: number): number[] => Array.from({ length }, () => 0);
const roundTrip = (dtype: FloatDType, values: number[]): number[] =>
  decode(dtype, encodeValues(Float32Array.from(values), dtype));

describe('decoding', () => {
  // Bit patterns and their values from the definitions: IEEE 754, the OCP 8-bit floating point
  // specification, two's complement. All little-endian.
  it.each<[DType, number[], number[]]>([
    ['F64', [0, 0, 0, 0, 0, 0, 0xf0, 0x3f], [1]],
    ['F32', [0, 0, 0x80, 0xbf, 1, 0, 0, 0], [-1, 2 ** -149]],
    ['BF16', [0x80, 0x3f, 0x00, 0xc0, 0x01, 0x00], [1, -2, 2 ** -133]],
    ['BF16', [0x80, 0x7f, 0x80, 0xff, 0xc0, 0x7f], [POSITIVE_INFINITY, NEGATIVE_INFINITY, NAN]],
    ['F16', [0x00, 0x3c, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x84], [1, 65504, 2 ** -24, -(2 ** -14)]],
    [
      'F16',
      [0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7e, 0x00, 0x80],
      [POSITIVE_INFINITY, NEGATIVE_INFINITY, NAN, -0],
    ],
    ['F8_E4M3', [0x38, 0x7e, 0xfe, 0x01, 0x08, 0x80], [1, 448, -448, 2 ** -9, 2 ** -6, -0]],
    ['F8_E4M3', [0x7f, 0xff], [NAN, NAN]],
    ['F8_E5M2', [0x3c, 0x7b, 0x01, 0x04, 0xbc], [1, 57344, 2 ** -16, 2 ** -14, -1]],
    [
      'F8_E5M2',
      [0x7c, 0xfc, 0x7d, 0x7e, 0x7f],
      [POSITIVE_INFINITY, NEGATIVE_INFINITY, NAN, NAN, NAN],
    ],
    // The numbers of ml_dtypes are in the interop test; these are of the definitions.
    ['F8_E4M3FNUZ', [0x40, 0x7f, 0x01, 0x08, 0x80], [1, 240, 2 ** -10, 2 ** -7, NAN]],
    ['F8_E5M2FNUZ', [0x40, 0x7f, 0x01, 0x04, 0x80], [1, 57344, 2 ** -17, 2 ** -15, NAN]],
    ['F8_E8M0', [127, 0, 254, 255], [1, 2 ** -127, 2 ** 127, NAN]],
    ['F4', [0x10, 0x76, 0x8f], [0, 0.5, 4, 6, -6, -0]],
    ['I8', [0xff, 0x7f, 0x80], [-1, 127, -128]],
    ['U8', [0xff], [255]],
    ['I16', [0xfe, 0xff], [-2]],
    ['U16', [0xfe, 0xff], [65534]],
    ['I32', [0xff, 0xff, 0xff, 0x7f], [2 ** 31 - 1]],
    ['U32', [0xff, 0xff, 0xff, 0xff], [2 ** 32 - 1]],
    ['I64', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [-1]],
    ['U64', [0, 0, 0, 0, 0, 0, 0, 0x80], [2 ** 63]],
    ['BOOL', [0, 1, 2], [0, 1, 1]],
    // ggml's block: scale 0.5, then 32 codes; the next one has the scale -2.
    [
      'Q8_0',
      [0x00, 0x38, 0x7f, 0x80, 0x03, ...zeros(29), 0x00, 0xc0, 0x01, ...zeros(30), 0xff],
      [63.5, -64, 1.5, ...zeros(29), -2, ...zeros(30).map(() => -0), 2],
    ],
  ])('%s %j', (dtype, bytes, expected) => {
    expect(decode(dtype, bytes)).toEqual(expected);
  });

  it('keeps every digit: float64 for what float32 cannot hold', () => {
    const wide: DType[] = ['F64', 'I64', 'I32', 'U64', 'U32'];
    const narrow: DType[] = [
      'F32',
      'F16',
      'BF16',
      'F8_E4M3',
      'F8_E5M2',
      'F8_E4M3FNUZ',
      'F8_E5M2FNUZ',
      'F8_E8M0',
      'F4',
      'I16',
      'U16',
      'I8',
      'U8',
      'BOOL',
    ];
    for (const dtype of wide)
      expect(decodeValues(new Uint8Array(8), dtype)).toBeInstanceOf(Float64Array);
    for (const dtype of narrow)
      expect(decodeValues(new Uint8Array(8), dtype)).toBeInstanceOf(Float32Array);
  });

  it('takes bytes at any alignment', () => {
    const bytes = new Uint8Array(9);
    bytes.set(encodeValues(Float32Array.of(3), 'F64'), 1);
    expect([...decodeValues(bytes.subarray(1), 'F64')]).toEqual([3]);
    expect([...decodeValues(Buffer.from(bytes).subarray(1), 'F64')]).toEqual([3]);
  });

  it('refuses half an element', () => {
    expect(() => decodeValues(new Uint8Array(3), 'BF16')).toThrow(/no whole number of BF16/);
    expect(() => decodeValues(new Uint8Array(35), 'Q8_0')).toThrow(/whole number of Q8_0 blocks/);
  });
});

describe('encoding', () => {
  it.each<[FloatDType, number]>([
    ['F16', 2],
    ['BF16', 2],
  ])('%s: each of its values comes back bit for bit', (dtype, size) => {
    const all = new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);
    const values = decodeValues(all, dtype) as Float32Array;
    const again = new DataView(encodeValues(values, dtype).buffer);
    for (let i = 0; i < 65536; i++) {
      if (!Number.isNaN(values[i])) expect(again.getUint16(size * i, true)).toBe(i);
      else
        expect(decode(dtype, [again.getUint8(size * i), again.getUint8(size * i + 1)])).toEqual([
          NAN,
        ]);
    }
  });

  it('is exact for F32 and F64', () => {
    expect(roundTrip('F32', [1.5, -0, 2 ** -149])).toEqual([1.5, -0, 2 ** -149]);
    expect(roundTrip('F64', [1.5, -0, 2 ** -149])).toEqual([1.5, -0, 2 ** -149]);
  });

  it('rounds BF16 (7 bits of mantissa) to nearest, ties to even', () => {
    const halfStep = 2 ** -8;
    expect(roundTrip('BF16', [1 + halfStep, 1 + 3 * halfStep, 1 + halfStep + 2 ** -20])).toEqual([
      1,
      1 + 4 * halfStep,
      1 + 2 * halfStep,
    ]);
    expect(roundTrip('BF16', [3.4e38, NAN])).toEqual([POSITIVE_INFINITY, NAN]);
  });

  it('rounds F16 (10 bits of mantissa) to nearest, ties to even', () => {
    const halfStep = 2 ** -11;
    expect(roundTrip('F16', [1 + halfStep, 1 + 3 * halfStep, -1 - halfStep - 2 ** -20])).toEqual([
      1,
      1 + 4 * halfStep,
      -1 - 2 * halfStep,
    ]);
    expect(roundTrip('F16', [65519, 65520, 1e30, NAN])).toEqual([
      65504,
      POSITIVE_INFINITY,
      POSITIVE_INFINITY,
      NAN,
    ]);
    // Subnormals are multiples of 2^-24; the last lies just below the normal numbers.
    expect(
      roundTrip('F16', [2 ** -25, 2 ** -25 + 2 ** -40, 1.5 * 2 ** -24, 2 ** -14 - 2 ** -26]),
    ).toEqual([0, 2 ** -24, 2 ** -23, 2 ** -14]);
  });

  it.each<[FloatDType, number]>([
    ['F16', 2 ** -11],
    ['BF16', 2 ** -8],
  ])('%s stays within half a unit in the last place', (dtype, unit) => {
    fc.assert(
      fc.property(fc.float({ min: 2 ** -14, max: 60000, noNaN: true }), (value) => {
        const [rounded] = roundTrip(dtype, [value]);
        expect(Math.abs(rounded! - value)).toBeLessThanOrEqual(unit * value);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
