import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from './checkpoint.js';
import { serializeSafetensors, type TensorData } from './formats/safetensors/serialize.js';
import { memorySource } from './sources/memory.js';
import { countingSource } from './test-support/counting-source.js';
import { fileBytes, joined } from './test-support/files.js';
import { encodeValues } from './values/encode.js';

const tensor = (name: string, shape: number[], values: number[]): TensorData => ({
  name,
  shape,
  dtype: 'BF16',
  bytes: encodeValues(Float32Array.from(values), 'BF16'),
});
const q = tensor('model.layers.0.self_attn.q_proj.weight', [2, 3], [1, 2, 3, 4, 5, 6]);
const k = tensor('model.layers.1.self_attn.k_proj.weight', [1, 2], [7, 8]);

const bytesOf = (tensors: TensorData[], metadata?: Record<string, string>) =>
  joined(serializeSafetensors({ tensors, ...(metadata && { metadata }) }));
const json = (value: unknown, name: string) =>
  memorySource(
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)),
    name,
  );
const config = (value: unknown) => json(value, 'folder/config.json');

async function refusal(attempt: Promise<unknown>) {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isAlphaLoraError(error) ? { code: error.code, message: error.message } : { error };
}

/** Runs `work` and counts the characters that it gives to regular expressions. */
async function countScanned<Result>(
  work: () => Promise<Result>,
): Promise<{ result: Result; scanned: number }> {
  const { exec } = RegExp.prototype;
  let scanned = 0;
  // Whatever else takes a regular expression, such as `replace`, calls this one.
  RegExp.prototype.exec = function (text) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const found = exec.call(this, text);
    const end = found && (this.global || this.sticky) ? this.lastIndex : text.length;
    scanned += end - from;
    return found;
  };
  try {
    const result = await work();
    return { result, scanned };
  } finally {
    RegExp.prototype.exec = exec;
  }
}

describe('readCheckpoint', () => {
  it('says that a file given alone is one of several', async () => {
    const notesOf = async (name: string, given?: unknown) => {
      const files = [memorySource(bytesOf([q, k]), name)];
      return (await readCheckpoint({ files, ...(given ? { config: config(given) } : {}) })).notes;
    };
    expect(await notesOf('folder/model-00002-of-00003.safetensors')).toEqual([
      'model-00002-of-00003.safetensors is one of 3 files of a model: the weights of the others are not looked at',
    ]);
    expect(await notesOf('model-00001-of-00001.safetensors')).toEqual([]);
    expect(await notesOf('model-00002-of-00003.safetensors', {})).toEqual([]);
  });

  it('refuses a model of which blocks are missing, by both numbers', async () => {
    const files = [memorySource(bytesOf([q, k]), 'model.safetensors')];
    const whole = config({ num_hidden_layers: 32 });
    expect(await refusal(readCheckpoint({ files, config: whole }))).toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringMatching(
        /config\.json.* 32 blocks \(num_hidden_layers\).* 2 of model\.layers/,
      ),
    });
    const { blocks, stacks } = await readCheckpoint({ files, config: config({ n_layer: 2 }) });
    expect(blocks).toBe(2);
    expect(stacks).toEqual([
      { name: 'model.layers', blocks: 2, weights: 2, parameters: 8, main: true },
    ]);
  });

  it('describes weights from the header alone and reads values on demand', async () => {
    const bytes = bytesOf([q, k], { origin: 'test' });
    const file = countingSource(bytes, 'folder/model.safetensors');
    const checkpoint = await readCheckpoint({
      files: [file],
      config: config({ architectures: ['LlamaForCausalLM'], time_limit: 0 }),
    });
    expect(checkpoint).toMatchObject({
      source: 'folder/model.safetensors',
      architecture: 'LlamaForCausalLM',
      blocks: 2,
      metadata: { origin: 'test' },
      config: { time_limit: 0 },
      files: [{ name: 'model.safetensors', byteLength: bytes.byteLength, source: file }],
    });
    const headerBytes = bytes.byteLength - 16;
    expect(file.bytesRead()).toBe(headerBytes + 1);

    const [first] = checkpoint.tensors;
    expect(first).toMatchObject({ block: 0, role: 'q_proj', kind: 'projection', dtype: 'BF16' });
    expect([...(await first!.read())]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(await first!.read(2, 5))]).toEqual([3, 4, 5]);
    expect([...(await first!.read(6))]).toEqual([]);
    const target = new Uint8Array(4);
    await first!.readInto!(target, 4);
    expect(target).toEqual(encodeValues(Float32Array.of(5, 6), 'BF16'));
    expect(file.bytesRead()).toBe(headerBytes + 1 + 12 + 6 + 4);
  });

  it.each([
    [-1, 2],
    [0, 7],
    [3, 2],
    [0.5, 2],
    [0, Number.NaN],
  ])('refuses to read from %d to %d of six elements', async (start, end) => {
    const { tensors } = await readCheckpoint({ files: [memorySource(bytesOf([q]), 'm')] });
    const { code, message } = await refusal(tensors[0]!.read(start, end));
    expect(code).toBe('INVALID_OPTION');
    expect(message).toMatch(/q_proj.weight: elements .* asked for, it has 6/);
  });

  it('refuses to fill more bytes than there are', async () => {
    const { tensors } = await readCheckpoint({ files: [memorySource(bytesOf([q, k]), 'm')] });
    expect(await refusal(tensors[0]!.readInto!(new Uint8Array(4), 5))).toMatchObject({
      code: 'INVALID_OPTION',
    });
    expect(await refusal(tensors[0]!.readInto!(new Uint8Array(3), 0))).toMatchObject({
      code: 'INVALID_OPTION',
    });
  });

  it('hands an abort to the source', async () => {
    const { tensors } = await readCheckpoint({ files: [memorySource(bytesOf([q]), 'm')] });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(tensors[0]!.read(0, 6, signal)).rejects.toThrow('enough');
    await expect(
      readCheckpoint({ files: [memorySource(bytesOf([q]), 'm')] }, { signal }),
    ).rejects.toThrow('enough');
  });

  it('works with sources that cannot fill a given buffer', async () => {
    const values = Float32Array.from({ length: 600_000 }, (_, i) => i % 256);
    for (const dtype of ['F32', 'BF16'] as const) {
      const bytes = bytesOf([
        { name: 'a', dtype, shape: [600_000], bytes: encodeValues(values, dtype) },
      ]);
      const source = countingSource(bytes, 'm', false);
      const { tensors } = await readCheckpoint({ files: [source] });
      const { buffer } = await tensors[0]!.read();
      expect(Buffer.from(buffer).equals(Buffer.from(values.buffer))).toBe(true);
      expect(source.largestRead()).toBe(1 << 20);
    }
  });

  it('notices a source that gives fewer bytes than asked for', async () => {
    const whole = memorySource(bytesOf([q]), 'm');
    let short = 0;
    const { name, byteLength } = whole;
    const read = (start: number, end: number) => whole.read(start, end - short);
    const { tensors } = await readCheckpoint({ files: [{ name, byteLength, read }] });
    short = 1;
    expect(await refusal(tensors[0]!.read())).toMatchObject({ code: 'IO_FAILED' });
  });

  it('hands out arrays of its own, so that nobody writes into the source', async () => {
    const bytes = bytesOf([
      { name: 'a', dtype: 'F32', shape: [1], bytes: encodeValues(Float32Array.of(1), 'F32') },
    ]);
    const { tensors } = await readCheckpoint({ files: [memorySource(bytes, 'm')] });
    (await tensors[0]!.read())[0] = 2;
    expect([...(await tensors[0]!.read())]).toEqual([1]);
  });

  it('needs a file', async () => {
    expect(await refusal(readCheckpoint({ files: [] }))).toMatchObject({ code: 'INVALID_OPTION' });
  });

  it.each(['x', '_', '.', 'layers.', 'norm', '.lora_A', '1.', '\u0000'])(
    'is not slowed down by a name of 200,000 times %j',
    async (piece) => {
      const long = tensor(`h.0.${piece.repeat(200_000)}.weight`, [1, 1], [1]);
      const { result, scanned } = await countScanned(() =>
        readCheckpoint({ files: [memorySource(bytesOf([long]), 'm')] }, { splitFused: true }),
      );
      expect(result.tensors).toHaveLength(1);
      // A name is looked at a score of times; quadratic work would be as often as it is long.
      expect(scanned).toBeLessThan(30 * long.name.length);
    },
  );

  it('does not let a name claim a block number that no model has', async () => {
    const wild = tensor('model.layers.99999999.self_attn.q_proj.weight', [1, 1], [1]);
    expect((await readCheckpoint({ files: [memorySource(bytesOf([wild]), 'm')] })).blocks).toBe(0);
  });
});

describe('config.json', () => {
  const read = (text: string) =>
    readCheckpoint({ files: [memorySource(bytesOf([q]), 'm')], config: config(text) });

  it('may hold the infinities and NaN that Python writes', async () => {
    const text = '{"a": [0.0, Infinity, -Infinity], "b": NaN, "c": "NaN \\" Infinity"}';
    expect((await read(text)).config).toEqual({ a: [0, null, null], b: null, c: 'NaN " Infinity' });
  });

  it('may begin with a byte order mark, as editors on Windows write one', async () => {
    expect((await read('\ufeff{"a": 1}')).config).toEqual({ a: 1 });
  });

  it('may hold a key twice, of which the last counts as in Python, with a note', async () => {
    const { config: found, notes } = await read('{"a": 1, "b": {"a": 1, "\\u0061": 2}, "a": 3}');
    expect(found).toEqual({ a: 3, b: { a: 2 } });
    expect(notes).toEqual([
      'config.json: the name "a" appears twice in "b", and 1 more do; the last one counts, as in Python',
    ]);
  });

  it.each(['', '[]', 'null', '{', '"\\', '{"a": Infinity'])(
    'is refused when it reads %j',
    async (text) => {
      const { code, message } = await refusal(read(text));
      expect(code).toBe('INVALID_CHECKPOINT');
      expect(message).toMatch(/^folder\/config\.json: /);
    },
  );

  it.each([
    ['', 'it is empty'],
    ['version https://git-lfs.github.com/spec/v1\n', 'it is a Git LFS pointer instead of the file'],
    ['<!doctype html><html>', 'it is an HTML page instead of the file'],
    ['\0'.repeat(100), 'it is zeros where it should begin'],
  ])('is refused as what it is when it is %j', async (text, message) => {
    expect((await refusal(read(text))).message).toContain(`folder/config.json: ${message}`);
  });

  it('is refused when it is as large as weights', async () => {
    const large = { ...config('{}'), byteLength: 2e9 };
    const attempt = readCheckpoint({ files: [memorySource(bytesOf([q]), 'm')], config: large });
    expect((await refusal(attempt)).message).toMatch(/2000000000 bytes are too many/);
  });

  it.each([
    { architectures: 'x' },
    { architectures: [] },
    { architectures: [1] },
    { architectures: null },
  ])('need not name an architecture: %j', async (value) => {
    expect((await read(JSON.stringify(value))).architecture).toBeUndefined();
  });
});

describe('sharded checkpoints', () => {
  const one = memorySource(bytesOf([q], { a: '1', b: '1' }), 'folder/a.safetensors');
  const two = memorySource(bytesOf([k], { b: '2', c: '2' }), 'folder/b.safetensors');
  const index = (value: unknown) => json(value, 'folder/model.safetensors.index.json');
  const map = (weight_map: unknown) => index({ metadata: { total_size: 16 }, weight_map });
  const right = { [q.name]: 'a.safetensors', [k.name]: 'b.safetensors' };

  it('join their files', async () => {
    const checkpoint = await readCheckpoint({ files: [one, two], index: map(right) });
    expect(checkpoint.tensors.map(({ name }) => name)).toEqual([q.name, k.name]);
    expect(checkpoint).toMatchObject({ blocks: 2, metadata: { a: '1', b: '1', c: '2' } });
    expect([...(await checkpoint.tensors[1]!.read())]).toEqual([7, 8]);
  });

  it.each<[string, object, string, RegExp]>([
    [
      'a shard that is missing',
      { ...right, x: 'c.safetensors' },
      'NOT_FOUND',
      /"c.safetensors" is missing/,
    ],
    [
      'a shard that holds nothing that it should',
      { [k.name]: 'b.safetensors', x: 'a.safetensors', y: 'a.safetensors' },
      'INVALID_CHECKPOINT',
      /"a.safetensors" holds none of the 2 tensors/,
    ],
    [
      'a tensor in another shard',
      { [q.name]: 'b.safetensors', [k.name]: 'a.safetensors' },
      'INVALID_CHECKPOINT',
      /puts it into "b.safetensors"/,
    ],
  ])('refuse %s', async (_, weightMap, code, message) => {
    const found = await refusal(readCheckpoint({ files: [one, two], index: map(weightMap) }));
    expect(found).toEqual({ code, message: expect.stringMatching(message) });
  });

  const head = { ...right, 'lm_head.weight': 'b.safetensors' };
  it.each<[string, object, object | undefined, string]>([
    [
      'a head that no shard holds, which is tied',
      head,
      { tie_word_embeddings: true },
      'lists "lm_head.weight", which no file holds: the head is tied to the embedding',
    ],
    [
      'a head that no shard holds, of which nothing is said',
      head,
      undefined,
      'lists "lm_head.weight", which no file holds: the head is taken to be tied to the embedding',
    ],
    [
      'a head that is not tied',
      head,
      { text_config: { tie_word_embeddings: false } },
      'lists "lm_head.weight", which no file holds: its configuration does not tie the head to the embedding, and the model may be incomplete',
    ],
    [
      'projections that no shard holds',
      { ...right, v: 'a.safetensors', x: 'b.safetensors' },
      undefined,
      'lists 2 tensors ("v", "x"), which no file holds: the model may be incomplete',
    ],
    [
      'a tensor that it does not name',
      { [q.name]: 'a.safetensors', [k.name]: 'b.safetensors', z: 'a.safetensors' },
      undefined,
      'lists "z", which no file holds: the model may be incomplete',
    ],
  ])('are opened by an index with %s, with a note', async (_, weightMap, settings, note) => {
    const { tensors, notes } = await readCheckpoint({
      files: [one, two],
      index: map(weightMap),
      ...(settings && { config: config(settings) }),
    });
    expect(tensors.map(({ name }) => name)).toEqual([q.name, k.name]);
    expect(notes).toEqual([`model.safetensors.index.json ${note}`]);
  });

  it('are opened with tensors that the index does not name', async () => {
    const both = memorySource(bytesOf([q, k]), 'folder/a.safetensors');
    const index = map({ [q.name]: 'a.safetensors' });
    const { tensors, notes } = await readCheckpoint({ files: [both], index });
    expect(tensors.map(({ name }) => name)).toEqual([q.name, k.name]);
    expect(notes).toEqual([
      `model.safetensors.index.json does not list "${k.name}", which its files hold`,
    ]);
  });

  describe('that hold a tensor twice', () => {
    const large = (name: string, last: number) =>
      tensor(name, [1, 5000], [...Array.from({ length: 4999 }, (_, i) => i), last]);
    const first = memorySource(bytesOf([q, large('x', 1)]), 'folder/a.safetensors');
    const second = memorySource(bytesOf([k, large('x', 1)]), 'folder/b.safetensors');

    it('are opened where it is the same, from the file that the index names', async () => {
      const plain = await readCheckpoint({ files: [first, second] });
      expect(plain.tensors.map(({ name }) => name)).toEqual([q.name, 'x', k.name]);
      const note = 'several files hold "x", with the same values: each counts once';
      expect(plain.notes).toEqual([note]);
      const index = map({ ...right, x: 'b.safetensors' });
      const indexed = await readCheckpoint({ files: [first, second], index });
      expect(indexed.tensors.map(({ name }) => name)).toEqual([q.name, k.name, 'x']);
      expect(indexed.notes).toEqual([note]);
    });

    it.each<[string, TensorData]>([
      ['other values, however late', large('x', 2)],
      ['another shape', { ...large('x', 1), shape: [5000, 1] }],
      ['another type', { ...large('x', 1), dtype: 'F16' }],
      ['the other zero', tensor('x', [1, 2], [0, -0])],
    ])('are refused where it has %s', async (_, other) => {
      const file = memorySource(bytesOf([other]), 'folder/b.safetensors');
      const files = other.shape[1] === 2 ? [zeros, file] : [first, file];
      const { code, message } = await refusal(readCheckpoint({ files }));
      expect(code).toBe('INVALID_CHECKPOINT');
      expect(message).toMatch(
        /^folder\/b\.safetensors: tensor "x": a\.safetensors holds a tensor of the same name with other values/,
      );
    });
    const zeros = memorySource(bytesOf([tensor('x', [1, 2], [0, 0])]), 'folder/a.safetensors');

    it('are read no further than to the first difference', async () => {
      const counting = [0, 0];
      const files = [large('x', 1), tensor('x', [1, 5000], new Array(5000).fill(7))].map(
        (each, i) => {
          const source = memorySource(bytesOf([each]), `${'ab'[i]}.safetensors`);
          return {
            ...source,
            readInto: async (target: Uint8Array, start: number) => {
              counting[i]! += target.byteLength;
              await source.readInto!(target, start);
            },
          };
        },
      );
      await refusal(readCheckpoint({ files }));
      expect(counting).toEqual([2 * 4096, 2 * 4096]);
    });
  });

  it.each(['../x.safetensors', '/etc/x', 'a/b', 'a\\b', 'C:x', '..', '.', '', 'x\0y'])(
    'refuse an index that points to %j',
    async (file) => {
      const { code, message } = await refusal(
        readCheckpoint({ files: [one], index: map({ t: file }) }),
      );
      expect(code).toBe('INVALID_CHECKPOINT');
      expect(message).toMatch(/no plain file name/);
    },
  );

  it.each(['[]', '{}', '{"weight_map":[]}', '{"weight_map":{"a":1}}', '{"weight_map":{}}'])(
    'refuse the index %s',
    async (text) => {
      const { code, message } = await refusal(readCheckpoint({ files: [one], index: index(text) }));
      expect(code).toBe('INVALID_CHECKPOINT');
      expect(message).toMatch(/^folder\/model\.safetensors\.index\.json: /);
    },
  );

  it('may hold tensors with names of Object.prototype', async () => {
    const proto = { ...k, name: '__proto__' };
    const file = memorySource(bytesOf([proto]), 'a');
    const { tensors } = await readCheckpoint({
      files: [file],
      index: index('{"weight_map":{"__proto__":"a"}}'),
    });
    expect(tensors[0]!.name).toBe('__proto__');
  });

  it('are refused when a header is', async () => {
    const broken = memorySource(fileBytes('{', 0), 'folder/a.safetensors');
    expect((await refusal(readCheckpoint({ files: [broken] }))).code).toBe('INVALID_CHECKPOINT');
  });
});
