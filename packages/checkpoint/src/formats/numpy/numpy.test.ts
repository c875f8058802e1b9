/** Files of numpy, as numpy wrote them and made by hand. */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../checkpoint.js';
import { memorySource } from '../../sources/memory.js';
import { countingSource } from '../../test-support/counting-source.js';
import { bytesOf } from '../../test-support/pickles.js';
import { numpyFiles } from '../../test-support/reference-files.js';
import { zipBytes } from '../../test-support/zip.js';
import { readFormat } from '../read.js';
import { parseHeader } from './header.js';

/** A file of version 1. */
const array = (header: string, data = 0): Uint8Array<ArrayBuffer> => {
  const length = String.fromCharCode(header.length & 255, header.length >> 8);
  return bytesOf(`\x93NUMPY\x01\0${length}${header}${'\0'.repeat(data)}`);
};
const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

async function refusal(bytes: Uint8Array): Promise<Error> {
  const error = await readFormat(memorySource(bytes, 'w.npy'))
    .then(({ tensors }) => Promise.all(tensors.map((tensor) => tensor.read())))
    .catch((reason: unknown) => reason);
  expect(isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')).toBe(true);
  return error as Error;
}

describe('a file of numpy', () => {
  it.each([...numpyFiles])('is read as numpy reads it: %s', async (_, { bytes, tensors }) => {
    const content = await readFormat(memorySource(bytes, 'folder/sample.npy'));
    const values = await Promise.all(
      content.tensors.map(async ({ name, shape, read }) => ({
        name,
        shape,
        values: [...(await read())],
      })),
    );
    expect(values).toEqual(tensors);
  });

  it('is a checkpoint with roles and blocks, in one archive or in a file for each', async () => {
    const name = 'model.layers.2.mlp.up_proj.weight';
    const bytes = array(header("'<f4'", '(2, 1)'), 8);
    const one = await readCheckpoint({ files: [memorySource(bytes, `${name}.npy`)] });
    const all = await readCheckpoint({
      files: [memorySource(zipBytes({ [`${name}.npy`]: bytes }), 'a.npz')],
    });
    for (const { tensors, blocks } of [one, all]) {
      expect(blocks).toBe(3);
      expect(tensors).toMatchObject([{ name, role: 'up_proj', block: 2, shape: [2, 1] }]);
    }
  });

  it('that is compressed is unpacked once where it is read in order', async () => {
    const values = Float32Array.from({ length: 200_000 }, (_, i) => Math.sin(i));
    const npy = Uint8Array.from([
      ...array(header("'<f4'", '(200000,)')),
      ...new Uint8Array(values.buffer),
    ]);
    const bytes = zipBytes({ 'w.npy': { content: npy, deflate: true } });
    const source = countingSource(bytes, 'a.npz');
    const { tensors } = await readFormat(source);
    const opening = source.bytesRead();
    expect(await tensors[0]!.read(0, 100_000)).toEqual(values.subarray(0, 100_000));
    expect(await tensors[0]!.read(100_000, 200_000)).toEqual(values.subarray(100_000));
    expect(source.bytesRead() - opening).toBeLessThanOrEqual(bytes.byteLength);
    expect(await tensors[0]!.read(5, 7)).toEqual(values.subarray(5, 7));
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'big-endian numbers',
      array(header("'>f4'", '(2,)'), 8),
      /big-endian \(">f4"\); save it as "<f4"/,
    ],
    ['complex numbers', array(header("'<c8'", '(2,)'), 16), /type "<c8" cannot be read/],
    ['objects of Python', array(header("'|O'", '()'), 8), /type "\|O" cannot be read/],
    ['records', array(header("[('a', '<f4')]", '(2,)'), 8), /an array of records/],
    ['another version', bytesOf('\x93NUMPY\x04\0\x02\0{}'.padEnd(20)), /it has version 4/],
    ['a header beyond the file', bytesOf('\x93NUMPY\x01\0\xff\xff{}'), /ends within its header/],
    [
      'a header of a gigabyte',
      bytesOf('\x93NUMPY\x02\0\0\0\0\x40{}'),
      /header has 1073741824 bytes/,
    ],
    [
      'elements that are missing',
      array(header("'<f4'", '(2, 2)'), 15),
      /takes 16 bytes, and 15 follow/,
    ],
    ['another array behind it', array(header("'<f4'", '(2,)'), 99), /takes 8 bytes, and 99 follow/],
    [
      'more elements than there are numbers',
      array(header("'<f4'", `(${'9007199254740991, '.repeat(40)})`)),
      /takes Infinity bytes/,
    ],
    [
      'calls in the header',
      array(header("'<f4'", "__import__('os')"), 8),
      /header is not the one of an array/,
    ],
    [
      'an archive of something else',
      zipBytes({ 'w.npy': bytesOf('nothing'), b: bytesOf('') }),
      /not an array of numpy/,
    ],
  ])('is refused with %s', async (_, bytes, message) => {
    expect((await refusal(bytes)).message).toMatch(message);
  });

  it('is refused or read, whatever the bytes', async () => {
    const files = [...numpyFiles.values()].map(({ bytes }) => bytes);
    const change = fc.tuple(fc.nat(), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (bytes, changes) => {
          const changed = bytes.slice();
          for (const [at, byte] of changes) changed[at % changed.byteLength] = byte;
          const error = await readFormat(memorySource(changed, 'w.npz'))
            .then(({ tensors }) => Promise.all(tensors.map((tensor) => tensor.read())))
            .then(
              () => undefined,
              (reason: unknown) => reason,
            );
          if (
            error !== undefined &&
            !isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')
          )
            throw error;
        },
      ),
      { seed: 1, numRuns: 1000 },
    );
  });
});

describe('a header', () => {
  it('is in the notation of Python 2 and 3, in any order', () => {
    const expected = { descr: '<f4', fortranOrder: true, shape: [3, 4] };
    expect(parseHeader(header("'<f4'", '(3, 4)', 'True'))).toEqual(expected);
    expect(parseHeader('{"shape":(3L,4L),"fortran_order":True,"descr":"<f4"}')).toEqual(expected);
    expect(parseHeader(header("'<f4'", '()'))).toMatchObject({ shape: [] });
    expect(parseHeader(header("'<f4'", '(3,)'))).toMatchObject({ shape: [3] });
  });

  it.each([
    '',
    '{}',
    header("'<f4'", '(3, 4'),
    header("'<f4'", '(3 4)'),
    header("'<f4'", '(-3,)'),
    header("'<f4'", '(3.5,)'),
    header("'<f4'", "('3',)"),
    header("'<f4'", '3'),
    header("'<f4'", '(3,)', '0'),
    header('4', '(3,)'),
    `${header("'<f4'", '(3,)')}1`,
    header("'<f4'", "(3,), 'shape': (4,)"),
    header("'<f4'", "(3,), 'more': 1"),
    '('.repeat(10_000),
  ])('is not %j', (text) => {
    expect(parseHeader(text)).toBeUndefined();
  });
});
