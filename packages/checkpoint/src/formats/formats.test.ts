import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../sources/memory.js';
import { countingSource } from '../test-support/counting-source.js';
import { f32, fileBytes } from '../test-support/files.js';
import { formatOfName } from './names.js';
import { readFormat } from './read.js';

/** Characters as bytes. */
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
/** Local header of a zip archive's first entry, as its specification (APPNOTE 4.3.7) lays it out. */
const zip = (name: string): string =>
  `PK\x03\x04\x14${'\0'.repeat(21)}${String.fromCharCode(name.length)}\0\0\0${name}`;

describe('a file called model.safetensors is refused as what it is', () => {
  it.each<[string, string, 'UNSUPPORTED_CHECKPOINT' | 'INVALID_CHECKPOINT', RegExp]>([
    ['another zip', zip('config.json'), 'INVALID_CHECKPOINT', /is a zip archive .*; unpack it/],
    // What Python 3's pickle.dumps({}, 2) begins with.
    ['a pickle', '\x80\x02}q\x00.', 'UNSUPPORTED_CHECKPOINT', /is a pickle that torch\.save/],
    ['Keras', '\x89HDF\r\n\x1a\n', 'UNSUPPORTED_CHECKPOINT', /is an HDF5 file/],
    // As torch.onnx and Python's onnx begin their files.
    [
      'ONNX',
      '\x08\x0a\x12\x07pytorch\x1a\x0b2.6.0+cu124',
      'UNSUPPORTED_CHECKPOINT',
      /an ONNX file, whose matrices have no names.*exported from/,
    ],
    ['ONNX of Python', '\x08\x0e:\x87\x81', 'UNSUPPORTED_CHECKPOINT', /is an ONNX file/],
    ['HTML', '\n<!DOCTYPE html><html>', 'INVALID_CHECKPOINT', /is an HTML page .*; download/],
    ['XML', '<?xml version="1.0"?><Error>', 'INVALID_CHECKPOINT', /is an XML document/],
    ['gzip', '\x1f\x8b\x08\0', 'INVALID_CHECKPOINT', /is compressed with gzip; unpack it/],
    // As Python's lzma.compress and bz2.compress begin, and the specifications of the others say.
    ['xz', '\xfd7zXZ\0\0\x04', 'INVALID_CHECKPOINT', /is compressed with xz; unpack it/],
    ['bzip2', 'BZh91AY&SY', 'INVALID_CHECKPOINT', /is compressed with bzip2; unpack it/],
    ['7z', '7z\xbc\xaf\x27\x1c\0\x04\0', 'INVALID_CHECKPOINT', /is a 7z archive; unpack it/],
    ['RAR', 'Rar!\x1a\x07\x01\0\0', 'INVALID_CHECKPOINT', /is a RAR archive; unpack it/],
    ['TFLite', '\x1c\0\0\0TFL3\x14', 'UNSUPPORTED_CHECKPOINT', /is a TFLite file.*converted from/],
    // As msgpack.packb({'params': {}}) has it, and a map of 16 names.
    ['Flax', '\x81\xa6params\x80', 'UNSUPPORTED_CHECKPOINT', /is a msgpack file.*as safetensors/],
    ['more of Flax', '\xde\0\x10\xa5model', 'UNSUPPORTED_CHECKPOINT', /is a msgpack file/],
    ['JSON', '\n{ "error": "gone" }', 'INVALID_CHECKPOINT', /is a JSON document .*; download/],
    ['a list', '[1, 2]', 'INVALID_CHECKPOINT', /is a JSON document/],
    ['zeros', '\0'.repeat(100), 'INVALID_CHECKPOINT', /is zeros where it should begin; .*again/],
    ['a pointer', 'version https://git-lfs', 'INVALID_CHECKPOINT', /LFS pointer .*git lfs pull/],
  ])('%s', async (_, text, code, message) => {
    for (const padding of ['', '\0'.repeat(1000)]) {
      const source = memorySource(bytes(text + padding), 'model.safetensors');
      const error = await readFormat(source).catch((reason: unknown) => reason);
      expect(isAlphaLoraError(error, code)).toBe(true);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toMatch(/^model\.safetensors: it is /);
    }
  });

  it.each<[string, RegExp]>([
    ['', /^model\.safetensors: it is empty; .*download/],
    ['abc', /3 bytes are too few/],
    ['Entry not found', /it is a text that begins "Entry not found", not weights; download/],
    // Begins as a pickle does, goes on as none.
    [
      '\x80\x02 and so on',
      /not a safetensors file: it begins with the bytes 80 02 20 61 6e 64 20 73 6f, .*; download it again/,
    ],
  ])('what is nothing known breaks the format of its name: %j', async (text, message) => {
    await expect(readFormat(memorySource(bytes(text), 'model.safetensors'))).rejects.toThrow(
      message,
    );
  });
});

describe('the first bytes decide', () => {
  const safetensors = fileBytes({ w: f32([2], 0, 8) }, 8);

  it('whatever the name', async () => {
    const { tensors, notes } = await readFormat(memorySource(safetensors, 'a/pytorch_model.bin'));
    expect(tensors.map(({ name }) => name)).toEqual(['w']);
    expect(notes).toEqual([
      'pytorch_model.bin: it is of the format safetensors, not torch as its name says',
    ]);
  });

  it('without a word where the name says nothing else', async () => {
    for (const name of ['model.safetensors', 'model'])
      expect((await readFormat(memorySource(safetensors, name))).notes).toBeUndefined();
  });

  it('and are read once', async () => {
    const source = countingSource(safetensors);
    await readFormat(source);
    expect([source.reads(), source.bytesRead()]).toEqual([2, safetensors.byteLength - 8 + 1]);
  });

  it('of a name alone nothing is known but what it promises', () => {
    expect(formatOfName('a/model-00001-of-00002.safetensors')?.name).toBe('safetensors');
    expect(formatOfName('model-q4_k_m.gguf')?.name).toBe('gguf');
    expect(formatOfName('model.onnx')).toBeUndefined();
  });
});
