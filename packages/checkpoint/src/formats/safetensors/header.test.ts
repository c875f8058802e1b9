import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../sources/memory.js';
import { countingSource } from '../../test-support/counting-source.js';
import { f32, fileBytes } from '../../test-support/files.js';
import { readHeader, type SafetensorsHeader } from './header.js';

const read = (bytes: Uint8Array): Promise<SafetensorsHeader> =>
  readHeader(memorySource(bytes, 'm.safetensors'));
const one = f32([1], 0, 4);

describe('accepts', () => {
  it('tensors in any order, and lists them in that of their bytes', async () => {
    const bytes = fileBytes({ b: f32([2], 4, 12), '0': f32([1], 12, 16), a: one }, 16);
    const { tensors } = await read(bytes);
    const start = bytes.byteLength - 16;
    expect(tensors).toEqual([
      { name: 'a', dtype: 'F32', shape: [1], start, end: start + 4 },
      { name: 'b', dtype: 'F32', shape: [2], start: start + 4, end: start + 12 },
      { name: '0', dtype: 'F32', shape: [1], start: start + 12, end: start + 16 },
    ]);
  });

  it('trailing spaces', async () => {
    const { tensors } = await read(fileBytes(`${JSON.stringify({ a: one })}     `, 4));
    expect(tensors).toHaveLength(1);
  });

  it('scalars, sizes of zero, and no tensor at all', async () => {
    const header = { z: f32([0, 7], 4, 4), a: f32([], 0, 4), y: f32([3, 0], 0, 0) };
    expect((await read(fileBytes(header, 4))).tensors.map(({ name }) => name)).toEqual([
      ...['y', 'a', 'z'],
    ]);
    expect((await read(fileBytes({}, 0))).tensors).toEqual([]);
  });

  it('metadata, names that are special to JavaScript, and escapes', async () => {
    const entry = (from: number): string => JSON.stringify(f32([1], from, from + 4));
    const header =
      `{"__metadata__":{"format":"pt","__proto__":"x","constructor":"y"},` +
      `"__proto__":${entry(0)},"constructor":${entry(4)},"\\u0061\\"b\\\\":${entry(8)}}`;
    const { tensors, metadata } = await read(fileBytes(header, 12));
    expect(tensors.map(({ name }) => name)).toEqual(['__proto__', 'constructor', 'a"b\\']);
    expect(Object.entries(metadata)).toEqual([
      ['format', 'pt'],
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('metadata that are null for none, as MLX writes them', async () => {
    const { tensors, metadata } = await read(
      fileBytes({ __metadata__: null, a: f32([1], 0, 4) }, 4),
    );
    expect([tensors.length, metadata]).toEqual([1, {}]);
  });

  it('every element type of the format', async () => {
    const sizes = {
      F64: 8,
      F32: 4,
      F16: 2,
      BF16: 2,
      F8_E4M3: 1,
      F8_E5M2: 1,
      F8_E4M3FNUZ: 1,
      F8_E5M2FNUZ: 1,
      F8_E8M0: 1,
      BOOL: 1,
      C64: 8,
      I64: 8,
      I32: 4,
      I16: 2,
      I8: 1,
      U64: 8,
      U32: 4,
      U16: 2,
      U8: 1,
    };
    for (const [dtype, size] of Object.entries(sizes)) {
      const header = { a: { dtype, shape: [3], data_offsets: [0, 3 * size] } };
      expect((await read(fileBytes(header, 3 * size))).tensors[0]!.dtype).toBe(dtype);
    }
    // Four elements to three bytes.
    for (const dtype of ['F6_E2M3', 'F6_E3M2']) {
      const header = { a: { dtype, shape: [2, 4], data_offsets: [0, 6] } };
      expect((await read(fileBytes(header, 6))).tensors[0]!.dtype).toBe(dtype);
    }
  });
});

describe('refuses', () => {
  const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes are too few/],
    ['a file that ends within the length', new Uint8Array(7), /7 bytes are too few/],
    ['a header longer than the file', fileBytes({ a: one }, 4, 5000n), /5000 bytes does not fit/],
    [
      'a header over 100 MB',
      fileBytes({ a: one }, 4, 100_000_001n),
      /limit of 100000000; download/,
    ],
    ['an absurd header length', fileBytes({ a: one }, 4, 2n ** 64n - 1n), /limit of 100000000/],
    [
      'a header that starts with a space',
      fileBytes(' {}', 0),
      /begins with the bytes 03 00 00 00 00 00 00 00 20,/,
    ],
    ['a header of no bytes', fileBytes('', 4), /begins with the bytes( 00){9}, .*; download/],
    ['a header that is no JSON', fileBytes('{"a":', 0), /not valid JSON/],
    ['bytes after the JSON', fileBytes('{}x', 0), /not valid JSON/],
    ['a header that is not UTF-8', withByte(fileBytes('{"aa":1}', 0), 10, 0xff), /not valid JSON/],
    ['a repeated name', fileBytes('{"a":1,"a":2}', 0), /"a" appears twice/],
    ['a repeated name in disguise', fileBytes('{"a":1,"\\u0061":2}', 0), /"a" appears twice/],
    [
      'a repeated field',
      fileBytes('{"a":{"dtype":1,"dtype":2}}', 0),
      /"dtype" appears twice in "a"/,
    ],
    ['repeated metadata', fileBytes('{"__metadata__":{"a":"","a":""}}', 0), /"a" appears twice/],
    ['deeply nested JSON', fileBytes(deep, 0), /its JSON is more than 100 deep/],
    [
      'an entry that is no object',
      fileBytes({ a: 3 }, 0),
      /"a": its header entry is not an object/,
    ],
    ['an entry that is null', fileBytes({ a: null }, 0), /"a": its header entry is not an object/],
    ['no dtype', fileBytes({ a: { shape: [1], data_offsets: [0, 4] } }, 4), /dtype \(missing\)/],
    [
      'an unknown dtype',
      fileBytes({ a: { ...one, dtype: 'F31' } }, 4),
      /F31.*not one of the format/,
    ],
    ['a dtype that is a list', fileBytes({ a: { ...one, dtype: ['F32'] } }, 4), /not one of/],
    [
      'a dtype of Object.prototype',
      fileBytes({ a: { ...one, dtype: 'toString' } }, 4),
      /not one of/,
    ],
    [
      'no shape',
      fileBytes({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4),
      /shape is not a list/,
    ],
    ['a negative size', fileBytes({ a: f32([-1], 0, 4) }, 4), /shape is not a list/],
    ['a fractional size', fileBytes({ a: f32([0.5], 0, 4) }, 4), /shape is not a list/],
    [
      'a size in a text',
      fileBytes('{"a":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}', 1),
      /shape/,
    ],
    ['a shape that overflows', fileBytes({ a: f32([2 ** 30, 2 ** 30], 0, 4) }, 4), /more elements/],
    ['a size over 2^53', fileBytes({ a: f32([2 ** 60], 0, 4) }, 4), /shape is not a list/],
    // 2^32 * 2^32 = 2^64 is 0 in 64-bit integers, which would fit no bytes at all.
    [
      'a shape that wraps around',
      fileBytes({ a: f32([2 ** 32, 2 ** 32], 0, 0) }, 0),
      /more elements/,
    ],
    [
      'a shape that its bytes do not fill',
      fileBytes({ a: f32([2], 0, 4) }, 4),
      /8 bytes, but .* span 4/,
    ],
    ['no offsets', fileBytes({ a: { dtype: 'F32', shape: [1] } }, 4), /data_offsets are not two/],
    ['one offset', fileBytes({ a: { ...one, data_offsets: [4] } }, 4), /data_offsets are not two/],
    ['three offsets', fileBytes({ a: { ...one, data_offsets: [0, 4, 4] } }, 4), /not two/],
    ['a negative offset', fileBytes({ a: f32([1], -4, 0) }, 4), /data_offsets are not two/],
    ['a fractional offset', fileBytes({ a: f32([1], 0.5, 4.5) }, 5), /data_offsets are not two/],
    // What the reference implementation says: "invalid type: floating point, expected usize".
    ...['[-0,4]', '[-0.0,4]', '[0.0,4]', '[0,4.0]', '[0,4e0]', '[0,4E0]'].map(
      (offsets): [string, Uint8Array, RegExp] => [
        `offsets ${offsets}`,
        fileBytes(`{"a":{"dtype":"F32","shape":[1],"data_offsets":${offsets}}}`, 4),
        /data_offsets are not two whole numbers/,
      ],
    ),
    ...['[-0]', '[0.0]', '[0e1]'].map((shape): [string, Uint8Array, RegExp] => [
      `shape ${shape}`,
      fileBytes(`{"a-1.5":{"dtype":"F32","shape":${shape},"data_offsets":[0,0]}}`, 0),
      /shape is not a list of whole numbers/,
    ]),
    ['reversed offsets', fileBytes({ a: f32([1], 4, 0) }, 4), /run backwards/],
    [
      'an offset beyond the file',
      fileBytes({ a: f32([2], 0, 8) }, 4),
      /ends after 66 of 70 bytes; .*download/,
    ],
    [
      'an overlap',
      fileBytes({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8),
      /"b": its bytes overlap/,
    ],
    ['the same bytes twice', fileBytes({ a: one, b: one }, 4), /"b": its bytes overlap/],
    ['a hole', fileBytes({ a: one, b: f32([1], 8, 12) }, 12), /"b": 4 bytes before it/],
    ['a hole at the beginning', fileBytes({ a: f32([1], 4, 8) }, 8), /"a": 4 bytes before it/],
    ['bytes after the last tensor', fileBytes({ a: one }, 6), /2 bytes at its end/],
    ['data without a tensor', fileBytes({}, 1), /1 bytes at its end/],
    ['metadata that is no object', fileBytes({ __metadata__: ['a'] }, 0), /__metadata__ is not/],
    [
      'metadata that is no text',
      fileBytes({ __metadata__: { a: 1 } }, 0),
      /value of "a" is not a text/,
    ],
  ])('%s', async (_, bytes, message) => {
    const error = await read(bytes).catch((reason: unknown) => reason);
    expect(isAlphaLoraError(error, 'INVALID_CHECKPOINT')).toBe(true);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain('m.safetensors');
  });
});

describe('cost', () => {
  it('is the header: no byte of a tensor is read', async () => {
    const bytes = fileBytes({ a: f32([1000], 0, 4000) }, 4000);
    const source = countingSource(bytes);
    await readHeader(source);
    // The first byte of the header is looked at before the rest is asked for.
    expect(source.bytesRead()).toBe(bytes.byteLength - 4000 + 1);
    expect(source.reads()).toBe(2);
  });

  it('does not grow with what a header claims', async () => {
    const source = countingSource(fileBytes({ a: one }, 4, 99_999_999n));
    await expect(readHeader(source)).rejects.toThrow(/does not fit/);
    expect(source.bytesRead()).toBe(9);
  });

  it('stays small for very long names', async () => {
    const name = '"\\'.repeat(1_000_000);
    const { tensors } = await read(fileBytes({ [name]: one }, 4));
    expect(tensors[0]!.name).toBe(name);
  });
});

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value;
  return bytes;
}
