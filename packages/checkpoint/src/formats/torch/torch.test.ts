/** Files of torch.save, as PyTorch wrote them and made by hand. */
import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../checkpoint.js';
import { memorySource } from '../../sources/memory.js';
import { countingSource } from '../../test-support/counting-source.js';
import {
  type Code,
  call,
  dict,
  int,
  list,
  named,
  pickle,
  tensor,
  torchArchive,
  torchLegacy,
  tuple,
} from '../../test-support/pickles.js';
import { torchFiles } from '../../test-support/reference-files.js';
import { zipBytes } from '../../test-support/zip.js';
import { readFormat } from '../read.js';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const read = (bytes: Uint8Array, name = 'pytorch_model.bin') =>
  readFormat(memorySource(bytes, name));

async function refusal(bytes: Uint8Array): Promise<Error & { code?: string }> {
  const error = await read(bytes)
    .then(({ tensors }) => Promise.all(tensors.map((each) => each.read())))
    .catch((reason: unknown) => reason);
  expect(isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')).toBe(true);
  return error as Error;
}

describe('torch.save', () => {
  it.each([...torchFiles])('is read as torch.load reads it: %s', async (_, { bytes, tensors }) => {
    const { tensors: found } = await read(bytes);
    const values = await Promise.all(
      found.map(async ({ name, shape, read: all }) => ({
        name,
        shape,
        values: [...(await all())],
      })),
    );
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(values.sort(byName)).toEqual(tensors.toSorted(byName));
  });

  it('has the element types of its storages, and one run of bytes where there is one', async () => {
    const { bytes } = torchFiles.get('archive of other types')!;
    for (const { name, dtype, readInto } of (await read(bytes)).tensors) {
      expect([dtype, readInto]).toEqual([name, expect.any(Function)]);
    }
  });

  it('is a checkpoint with names and roles', async () => {
    const name = 'model.layers.1.self_attn.q_proj.weight';
    const file = torchArchive(dict({ [name]: tensor([1, 2]) }), { 0: floats(1, 2) });
    const { tensors } = await readCheckpoint({ files: [memorySource(file, 'a.pt')] });
    expect(tensors).toMatchObject([{ name, role: 'q_proj', block: 1, shape: [1, 2] }]);
  });
});

describe('the state dict is', () => {
  const [w, x] = [tensor([1]), tensor([1], { key: '1' })];
  const storages = { 0: floats(1), 1: floats(2) };
  const state = dict({ w, x });
  it.each<[string, Code, string[], Record<string, string>]>([
    [
      'all of a plain one, whatever else is in it',
      dict({ w, version: int(1), name: 'N' }),
      ['w'],
      {},
    ],
    [
      'one that training saved',
      dict({ epoch: int(1), state_dict: state, optimizer: dict({ x }) }),
      ['w', 'x'],
      { state_dict: 'state_dict', left_out: 'optimizer' },
    ],
    [
      'the first of several models',
      dict({ ema: dict({ w }), model: dict({ x }) }),
      ['x'],
      { state_dict: 'model', left_out: 'ema' },
    ],
    [
      'one under a key of its own',
      dict({ best_model: state, step: int(7) }),
      ['w', 'x'],
      { state_dict: 'best_model' },
    ],
    [
      'one within another',
      dict({ model: dict({ state_dict: state }) }),
      ['w', 'x'],
      { state_dict: 'model.state_dict' },
    ],
    [
      'nested',
      dict({ model: dict({ embedding: dict({ w }), layers: list(w, x) }) }),
      ['embedding.w', 'layers.0', 'layers.1'],
      { state_dict: 'model' },
    ],
    [
      'of several parts',
      dict({ encoder: dict({ w }), decoder: dict({ w }), optim: dict({ x }) }),
      ['decoder.w', 'encoder.w'],
      { left_out: 'optim' },
    ],
    ['a tensor alone, by the name of the file', w, ['own'], {}],
    ['a list of tensors', tuple(w, x), ['0', '1'], {}],
  ])('%s', async (_, root, names, metadata) => {
    const content = await read(torchArchive(root, storages), 'folder/own.pt');
    expect(content.tensors.map(({ name }) => name).sort()).toEqual(names);
    expect(content.metadata).toEqual(metadata);
  });

  const laughs = Array.from(
    { length: 30 },
    (_, i) => `0](${`h${String.fromCharCode(i)}`.repeat(9)}eq${String.fromCharCode(i + 1)}`,
  );
  it.each<[string, Code, RegExp]>([
    ['nothing', dict({ epoch: int(1) }), /holds no tensors/],
    ['no number', int(1), /holds no tensors/],
    ['nothing that contains itself alone', ']q\x00h\x00a', /holds no tensors/],
    [
      'not quantised',
      dict({ w: call('torch._utils', '_rebuild_qtensor', 'N') }),
      /tensor "w": it is a quantised tensor, which is not read/,
    ],
    [
      'not complex, in float64',
      dict({ w: tensor([1], { key: '2', type: 'ComplexDoubleStorage' }) }),
      /tensor "w": elements of type complex128 cannot be read/,
    ],
    [
      'not of quantised elements',
      dict({ w: tensor([1], { type: 'QInt8Storage' }) }),
      /type qint8 cannot be read/,
    ],
    [
      'not two tensors of a name',
      dict({ 'a.b': w, a: dict({ b: w }) }),
      /tensor "a\.b": two tensors have this name/,
    ],
    ['not lists of lists without end', `${w}q\x00${laughs.join('')}`, /nested deeper/],
    ['not as deep as it can be', `${']'.repeat(100)}${w}${'a'.repeat(100)}`, /nested deeper/],
    ['not what contains itself', `]q\x00h\x00a${w}a`, /nested deeper/],
  ])('%s', async (_, root, message) => {
    const sizes = { 0: floats(1, 2), 1: floats(2), 2: floats(1, 2, 3, 4) };
    expect((await refusal(torchArchive(root, sizes))).message).toMatch(message);
  });

  it('may leave out what is not read', async () => {
    const root = dict({
      state_dict: state,
      optimizer: call('torch._utils', '_rebuild_qtensor', 'N'),
    });
    expect((await read(torchArchive(root, storages))).tensors).toHaveLength(2);
  });
});

describe('an archive', () => {
  const root = dict({ w: tensor([2]) });
  const data = pickle(root);
  it('is read where it was packed again, also compressed', async () => {
    const entries = {
      'data.pkl': { content: data, deflate: true },
      'data/0': { content: floats(3, 4), deflate: true },
      byteorder: Uint8Array.from(Buffer.from('little')),
    };
    const { tensors } = await read(zipBytes({ 'a/version': floats(), ...prefixed(entries) }));
    expect(await tensors[0]!.read()).toEqual(Float32Array.of(3, 4));
    expect(await tensors[0]!.read(1, 2)).toEqual(Float32Array.of(4));
    expect(await tensors[0]!.read(0, 1)).toEqual(Float32Array.of(3));
  });

  it('is refused when it lacks a storage, or holds less of one', async () => {
    expect((await refusal(torchArchive(root))).message).toMatch(/has no storage "0"; .*download/);
    const short = torchArchive(root, { 0: floats(1) });
    expect((await refusal(short)).message).toMatch(/storage "0" has 4 bytes, and should have 8/);
  });

  it.each<[string, Parameters<typeof zipBytes>[0], RegExp]>([
    [
      'of a big-endian machine',
      { 'a/data.pkl': data, 'a/byteorder': Uint8Array.from(Buffer.from('big')) },
      /big-endian/,
    ],
    ['of TorchScript', { 'a/data.pkl': data, 'a/constants.pkl': data }, /is a TorchScript program/],
    ['of something else', { 'a/version': data }, /not one that torch\.save wrote/],
    [
      'of two pickles',
      { 'a/data.pkl': data, 'b/data.pkl': data },
      /not one that torch\.save wrote/,
    ],
    [
      'of a pickle that ends too early',
      { 'a/data.pkl': data.subarray(0, 20) },
      /pickle in it ends too early/,
    ],
    [
      'with an encrypted entry',
      { 'a/data.pkl': { content: data, claims: { flags: 1 } } },
      /is encrypted/,
    ],
    [
      'with another compression',
      { 'a/data.pkl': { content: data, claims: { method: 93 } } },
      /not read \(method 93\)/,
    ],
    [
      'with two sizes',
      { 'a/data.pkl': { content: data, claims: { size: 5000 } } },
      /has two sizes/,
    ],
    [
      'that claims too much',
      { 'a/data.pkl': { content: data, deflate: true, claims: { size: 2 ** 31 } } },
      /claims more than it can hold/,
    ],
    [
      'that claims more than there is',
      { 'a/data.pkl': { content: data, deflate: true, claims: { size: data.byteLength + 1 } } },
      /cannot be unpacked/,
    ],
    [
      'that is not DEFLATE',
      { 'a/data.pkl': { content: new Uint8Array(99).fill(255), claims: { method: 8 } } },
      /cannot be unpacked/,
    ],
  ])('is refused %s', async (_, entries, message) => {
    expect((await refusal(zipBytes(entries))).message).toMatch(message);
  });
});

const prefixed = (entries: Parameters<typeof zipBytes>[0]) =>
  Object.fromEntries(Object.entries(entries).map(([name, entry]) => [`a/${name}`, entry]));

describe('a file of before 1.6', () => {
  const magic = pickle('\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19');
  const after = (...pickles: Uint8Array[]) =>
    Uint8Array.from([magic, ...pickles].flatMap((each) => [...each]));
  const w = tensor([2]);

  it('may have a pickle of any length, of which no byte is read twice', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => [`layer.${i}.weight`, w]);
    const file = torchLegacy(dict(Object.fromEntries(names)), { 0: [2, floats(1, 2)] });
    const source = countingSource(file, 'model.bin');
    expect((await readFormat(source)).tensors).toHaveLength(3000);
    expect(source.bytesRead()).toBeLessThanOrEqual(file.byteLength + 1024);
  });

  it('has views of storages, as the oldest do', async () => {
    const storage = tuple(
      'X\x07\0\0\0storage',
      named('torch', 'FloatStorage'),
      'X\x01\0\0\x000',
      'N',
      int(4),
      tuple('X\x01\0\0\x001', int(1), int(2)),
    );
    const view = call(
      'torch._utils',
      '_rebuild_tensor',
      `${storage}Q`,
      int(0),
      tuple(int(2)),
      tuple(int(1)),
    );
    const { tensors } = await read(torchLegacy(dict({ w: view }), { 0: [4, floats(1, 2, 3, 4)] }));
    expect(await tensors[0]!.read()).toEqual(Float32Array.of(2, 3));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['another version', after(pickle('K\x01')), /has version 1, not 1001/],
    [
      'a big-endian machine',
      after(pickle('M\xe9\x03'), pickle('}X\x0d\0\0\0little_endian\x89s')),
      /big-endian/,
    ],
    ['an end within', after(pickle('M\xe9\x03')), /the pickle in it ends too early/],
    [
      'storages that no tensor has',
      torchLegacy(dict({ w }), { 0: [2, floats(1, 2)], 1: [1, floats(1)] }),
      /list of storages is not that of its tensors/,
    ],
    ['a tensor without storage', torchLegacy(dict({ w })), /has no storage "0"/],
    [
      'a storage that ends too early',
      torchLegacy(dict({ w }), { 0: [2, floats(1)] }),
      /ends after (\d+) of \d+ bytes; its download or export was not finished/,
    ],
    [
      'a storage of another size',
      torchLegacy(dict({ w }), { 0: [1, floats(1, 2)] }),
      /has 1 elements, and should have 2/,
    ],
  ])('is refused with %s', async (_, bytes, message) => {
    expect((await refusal(bytes)).message).toMatch(message);
  });
});
