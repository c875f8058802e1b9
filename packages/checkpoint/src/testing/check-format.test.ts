import { AlphaLoraError } from '@alphalora/contracts';
import type { CheckpointFormat, FormatContent } from '@alphalora/contracts/extensions';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { formats } from '../formats/index.js';
import { safetensors } from '../formats/safetensors/format.js';
import { f32, fileBytes, joined } from '../test-support/files.js';
import { ggufFile, floats as ggufFloats, llamaSettings } from '../test-support/gguf.js';
import { bytesOf, dict, tensor, torchArchive, torchLegacy } from '../test-support/pickles.js';
import { numpyFiles, torchFiles } from '../test-support/reference-files.js';
import { zipBytes } from '../test-support/zip.js';
import { checkFormat, describeFormat } from './check-format.js';
import { FILE, type FormatFile } from './subject.js';

/** Numbers of 32 bits, as they lie in a file. */
const floats = (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);
const counted = Array.from({ length: 70_000 }, (_, i) => i / 8);

const largeArray = joined([
  bytesOf(
    "\x93NUMPY\x01\0\x40\0{'descr': '<f4', 'fortran_order': False, 'shape': (700, 100)}".padEnd(74),
  ),
  floats(counted),
]);
const large = dict({ large: tensor([700, 100]) });

const samples: Readonly<Record<string, readonly FormatFile[]>> = {
  safetensors: [
    {
      bytes: fileBytes(
        {
          __metadata__: { format: 'pt' },
          'h.0.attn.weight': { dtype: 'BF16', shape: [1, 3], data_offsets: [16, 22] },
          b: f32([2, 2], 0, 16),
        },
        // 1.5, -2 and infinity in the upper halves of their 32 bits.
        Uint8Array.of(...floats([1, -0, 0.25, 3]), 0xc0, 0x3f, 0, 0xc0, 0x80, 0x7f),
      ),
      tensors: [
        { name: 'h.0.attn.weight', shape: [1, 3], values: [1.5, -2, Number.POSITIVE_INFINITY] },
        { name: 'b', shape: [2, 2], values: [1, -0, 0.25, 3] },
      ],
    },
    {
      bytes: fileBytes(
        { large: f32([700, 100], 0, 280_000), small: f32([3], 280_000, 280_012) },
        floats([...counted, 7, 8, 9]),
      ),
      tensors: [
        { name: 'large', shape: [700, 100], values: counted },
        { name: 'small', shape: [3], values: [7, 8, 9] },
      ],
    },
  ],
  npy: [
    // Of one tensor, which is called as the file is.
    ...[...numpyFiles].flatMap(
      ([
        what,
        {
          bytes,
          tensors: [tensor],
        },
      ]) => (what.startsWith('npy') ? [{ bytes, tensors: [{ ...tensor!, name: FILE }] }] : []),
    ),
    { bytes: largeArray, tensors: [{ name: FILE, shape: [700, 100], values: counted }] },
  ],
  npz: [
    ...[...numpyFiles].flatMap(([what, file]) => (what.endsWith('npz') ? [file] : [])),
    {
      bytes: zipBytes({ 'large.npy': largeArray }),
      tensors: [{ name: 'large', shape: [700, 100], values: counted }],
    },
  ],
  torch: [
    ...torchFiles.values(),
    ...[
      torchArchive(large, { 0: floats(counted) }),
      torchLegacy(large, { 0: [70_000, floats(counted)] }),
    ].map((bytes) => ({ bytes, tensors: [{ name: 'large', shape: [700, 100], values: counted }] })),
  ],
  gguf: [
    {
      bytes: ggufFile({
        metadata: llamaSettings,
        tensors: [
          ggufFloats('blk.0.attn_q.weight', [8, 1]),
          // 0.5 in F16, then a code for each of 32 elements.
          {
            name: 'blk.0.ffn_up.weight',
            shape: [1, 32],
            type: 8,
            bytes: Uint8Array.of(0, 0x38, ...Array.from({ length: 32 }, (_, i) => i)),
          },
          ggufFloats('blk.0.ffn_gate_exps.weight', [2, 1, 3]),
        ],
      }),
      tensors: [
        // By hand: of each head of four rows, the even ones, then the odd ones.
        {
          name: 'model.layers.0.self_attn.q_proj.weight',
          shape: [8, 1],
          values: [0, 2, 1, 3, 4, 6, 5, 7],
        },
        {
          name: 'model.layers.0.mlp.up_proj.weight',
          shape: [1, 32],
          values: Array.from({ length: 32 }, (_, i) => i / 2),
        },
        { name: 'model.layers.0.mlp.experts.0.gate_proj.weight', shape: [1, 3], values: [0, 1, 2] },
        { name: 'model.layers.0.mlp.experts.1.gate_proj.weight', shape: [1, 3], values: [3, 4, 5] },
      ],
    },
    {
      bytes: ggufFile({
        metadata: { 'general.architecture': ['text', 'gemma'] },
        tensors: [
          ggufFloats('blk.0.attn_q.weight', [700, 100], counted),
          ggufFloats('output_norm.weight', [3], [1, 1.5, -1]),
        ],
      }),
      tensors: [
        { name: 'model.layers.0.self_attn.q_proj.weight', shape: [700, 100], values: counted },
        { name: 'model.norm.weight', shape: [3], values: [0, 0.5, -2] },
      ],
    },
  ],
};

describe.each(formats.names())('built-in format %s', (name) => {
  // A format without samples is not tested: make some for it.
  describeFormat(formats.get(name), samples[name] ?? [], { describe, it });
});

const sound = safetensors;
const files = samples['safetensors']!;

const reading = (
  change: (content: FormatContent, bytes: Uint8Array) => FormatContent | Promise<FormatContent>,
): CheckpointFormat => ({
  ...sound,
  async read(source, signal) {
    const content = await sound.read(source, signal);
    return change(content, await source.read(0, 0));
  },
});

/** Tensors that are read in another way. */
const tensorsOf = (change: (tensor: StoredTensor) => Partial<StoredTensor>): CheckpointFormat =>
  reading((content) => ({
    ...content,
    tensors: content.tensors.map((tensor) => ({ ...tensor, ...change(tensor) })),
  }));

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, format: CheckpointFormat]> = [
  ['has a name of two words', 'shape', { ...sound, name: 'two words' }],
  ['has an extension without a dot', 'shape', { ...sound, extensions: ['safetensors'] }],
  ['does not know its files', 'own files', { ...sound, sniff: () => false }],
  ['invents an element type', 'opens', tensorsOf(() => ({ dtype: 'F99' as 'F32' }))],
  [
    'cannot read its files',
    'opens',
    {
      ...sound,
      read: () => Promise.reject(new TypeError('undefined is not a function')),
    },
  ],
  [
    'loses a tensor',
    'values',
    reading(({ tensors, ...content }) => ({ ...content, tensors: tensors.slice(1) })),
  ],
  ['turns shapes', 'values', tensorsOf(({ shape }) => ({ shape: shape.toReversed() }))],
  [
    'loses signs of zeros',
    'values',
    tensorsOf(({ read }) => ({
      read: async (...range) => (await read(...range)).map((value) => value + 0),
    })),
  ],
  ['takes anything', 'other files', { ...sound, sniff: () => true }],
  [
    'cannot do with a short head',
    'other files',
    {
      ...sound,
      sniff(head) {
        if (head.byteLength > 0 && head.byteLength < 8) throw new RangeError('offset');
        return sound.sniff(head);
      },
    },
  ],
  [
    'reads all of the file at once',
    'headers first',
    {
      ...sound,
      async read(source, signal) {
        await source.read(0, source.byteLength, signal);
        return sound.read(source, signal);
      },
    },
  ],
  [
    'reads all of the file for each tensor',
    'lazily',
    {
      ...sound,
      async read(source, signal) {
        const content = await sound.read(source, signal);
        const tensors = content.tensors.map((tensor) => ({
          ...tensor,
          async read(...[start, end, aborts]: Parameters<StoredTensor['read']>) {
            await source.read(0, source.byteLength, aborts);
            return tensor.read(start, end, aborts);
          },
        }));
        return { ...content, tensors };
      },
    },
  ],
  [
    'ignores where a part begins',
    'parts',
    tensorsOf(({ read }) => ({
      read: async (start = 0, end, signal) => {
        const values = await read(start, end, signal);
        return start > 0 && values.length > 0 ? read(0, values.length, signal) : values;
      },
    })),
  ],
  [
    'answers for parts that are not there',
    'parts',
    tensorsOf(({ read }) => ({
      read: async (start = 0, end, signal) => read(Math.max(0, start), end, signal),
    })),
  ],
  [
    'hands out other bytes',
    'stored bytes',
    tensorsOf(() => ({
      readInto: async (target) => {
        target.fill(1);
      },
    })),
  ],
  [
    'hands out its own memory',
    'input unchanged',
    {
      ...sound,
      async read(source, signal) {
        const content = await sound.read(source, signal);
        const tensors = content.tensors.map((tensor) => ({
          ...tensor,
          async read(...range: Parameters<StoredTensor['read']>) {
            const values = await tensor.read(...range);
            if (tensor.name !== 'b' || values.length < 4) return values;
            // The first 16 bytes after the header of the first file.
            const [header] = new Uint32Array((await source.read(0, 4)).slice().buffer);
            const bytes = await source.read(8 + header!, 24 + header!);
            return aliased(values, bytes);
          },
        }));
        return { ...content, tensors };
      },
    },
  ],
  [
    'ignores the signal where it opens',
    'abort',
    { ...sound, read: (source) => sound.read(source) },
  ],
  [
    'ignores the signal where it reads',
    'abort',
    tensorsOf(({ read }) => ({ read: (start, end) => read(start, end) })),
  ],
  [
    'takes a failing disk for a damaged file',
    'fault of reading',
    {
      ...sound,
      read: (source, signal) =>
        sound.read(
          {
            ...source,
            async read(...range) {
              try {
                return await source.read(...range);
              } catch (error) {
                range[2]?.throwIfAborted();
                throw new AlphaLoraError('INVALID_CHECKPOINT', `${source.name}: ${error}`);
              }
            },
          },
          signal,
        ),
    },
  ],
  [
    'asks for more than there is',
    'truncated',
    {
      ...sound,
      async read(source, signal) {
        await source.read(0, 64, signal);
        return sound.read(source, signal);
      },
    },
  ],
  [
    'does not name the file',
    'truncated',
    {
      ...sound,
      async read(source, signal) {
        if (source.byteLength < 100) throw new AlphaLoraError('INVALID_CHECKPOINT', 'too short');
        return sound.read(source, signal);
      },
    },
  ],
  [
    'believes what a header says of shapes',
    'damaged',
    {
      ...sound,
      async read(source, signal) {
        try {
          return await sound.read(source, signal);
        } catch (error) {
          const whole = files.some(({ bytes }) => bytes.byteLength === source.byteLength);
          if (!whole || signal?.aborted || !/takes .* bytes/.test(`${error}`)) throw error;
          const tensor: StoredTensor = {
            name: 'b',
            shape: [1e12],
            dtype: 'F32',
            read: async () => new Float32Array(1),
          };
          return { tensors: [tensor], metadata: {} };
        }
      },
    },
  ],
];

/** The same values, whose first writing goes through to `bytes`. */
function aliased(values: Float32Array | Float64Array, bytes: Uint8Array): typeof values {
  return Object.assign(values, {
    fill() {
      bytes.fill(1);
      return values;
    },
  });
}

describe('a bad format', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, format) => {
    const failed = (await checkFormat(format, files)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});

it('needs files, and a large one for what is read when', async () => {
  const [none] = await checkFormat(sound, []);
  expect(none).toEqual({
    name: 'shape',
    status: 'failed',
    reason: 'there is no file to try it on',
  });
  const skipped = (await checkFormat(sound, files.slice(0, 1))).filter(
    ({ status }) => status === 'skipped',
  );
  expect(skipped.map(({ name }) => name)).toEqual(['headers first', 'lazily']);
});
