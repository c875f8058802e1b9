/** What is read of GGUF files: names and layouts of families, configurations, files in parts, refusals. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../checkpoint.js';
import { openHubCheckpoint, openUrlCheckpoint } from '../../hub/index.js';
import { hubCache, openCachedCheckpoint, openCheckpoint } from '../../node/index.js';
import { memorySource } from '../../sources/memory.js';
import { countingSource } from '../../test-support/counting-source.js';
import {
  floats,
  type GgufParts,
  ggufFile,
  llamaSettings,
  type Value,
} from '../../test-support/gguf.js';
import { startHub } from '../../test-support/hub.js';

const open = (parts: GgufParts, splitFused = false) =>
  readCheckpoint({ files: [memorySource(ggufFile(parts), 'm.gguf')] }, { splitFused });
const of = (architecture: string, settings: Readonly<Record<string, Value>> = {}): GgufParts => ({
  metadata: { 'general.architecture': ['text', architecture], ...settings },
});

it.each<[Record<string, Value>, string]>([
  [{}, '5 blocks (llama.block_count)'],
  [
    { 'llama.nextn_predict_layers': ['u32', 1] },
    '4 blocks (llama.block_count without llama.nextn_predict_layers)',
  ],
])('blocks that are missing are told by the words of the file: %j', async (settings, words) => {
  const opened = open({
    ...of('llama', { 'llama.block_count': ['u32', 5], ...settings }),
    tensors: [floats('blk.0.attn_v.weight', [2, 2])],
  });
  await expect(opened).rejects.toThrow(`m.gguf: it says ${words}, and the files have 1 of`);
});

describe('names and roles are those of the original model', () => {
  const block = (name: string, shape: number[] = [2, 2]) => floats(`blk.0.${name}`, shape);
  it.each<[string, Record<string, Value>, string, string]>([
    ['llama', {}, 'ffn_gate.weight', 'model.layers.0.mlp.gate_proj.weight'],
    ['llama', {}, 'attn_norm.weight', 'model.layers.0.input_layernorm.weight'],
    ['qwen2', {}, 'attn_q.bias', 'model.layers.0.self_attn.q_proj.bias'],
    ['qwen3', {}, 'attn_q_norm.weight', 'model.layers.0.self_attn.q_norm.weight'],
    ['qwen2moe', {}, 'ffn_up_shexp.weight', 'model.layers.0.mlp.shared_expert.up_proj.weight'],
    ['phi3', {}, 'attn_qkv.weight', 'model.layers.0.self_attn.qkv_proj.weight'],
    ['phi3', {}, 'ffn_up.weight', 'model.layers.0.mlp.gate_up_proj.weight'],
    ['gemma2', {}, 'ffn_norm.weight', 'model.layers.0.pre_feedforward_layernorm.weight'],
    ['gemma3', {}, 'post_ffw_norm.weight', 'model.layers.0.post_feedforward_layernorm.weight'],
    ['gpt2', {}, 'attn_output.weight', 'transformer.h.0.attn.c_proj.weight'],
    ['falcon', {}, 'ffn_up.weight', 'transformer.h.0.mlp.dense_h_to_4h.weight'],
    ['bert', {}, 'attn_q.weight', 'encoder.layer.0.attention.self.query.weight'],
    [
      'llama',
      { 'llama.expert_count': ['u32', 8] },
      'ffn_gate_inp.weight',
      'model.layers.0.block_sparse_moe.gate.weight',
    ],
    // Unknown: of a family, and in one.
    ['new-one', {}, 'attn_v.weight', 'model.layers.0.self_attn.v_proj.weight'],
    ['qwen3', {}, 'strange_thing.weight', 'model.layers.0.strange_thing.weight'],
  ])('%s %j: %s', async (architecture, settings, name, expected) => {
    const { tensors } = await open({ ...of(architecture, settings), tensors: [block(name)] });
    expect(tensors.map((tensor) => tensor.name)).toEqual([expected]);
    expect(tensors[0]!.block).toBe(0);
  });

  it('outside of blocks, and keeps those that are not known', async () => {
    const names = ['token_embd.weight', 'output_norm.weight', 'output.weight', 'rope_freqs.weight'];
    const { tensors } = await open({
      ...of('qwen3'),
      tensors: names.map((name) => floats(name, [2])),
    });
    expect(tensors.map(({ name, kind }) => [name, kind])).toEqual([
      ['model.embed_tokens.weight', 'embedding'],
      ['model.norm.weight', 'norm'],
      ['lm_head.weight', expect.anything()],
      ['rope_freqs.weight', expect.anything()],
    ]);
  });

  it('takes stacked experts apart, each with its bytes', async () => {
    const { tensors } = await open({
      ...of('llama', { 'llama.expert_count': ['u32', 3] }),
      tensors: [block('ffn_down_exps.weight', [3, 2, 2])],
    });
    expect(tensors.map(({ name }) => name)).toEqual(
      [0, 1, 2].map((i) => `model.layers.0.block_sparse_moe.experts.${i}.w2.weight`),
    );
    expect(tensors.every(({ kind, block: at }) => kind === 'projection' && at === 0)).toBe(true);
    expect([...(await tensors[1]!.read())]).toEqual([4, 5, 6, 7]);
  });

  it('of GPT-2, whose linear maps lie the other way round', async () => {
    const parts = { ...of('gpt2'), tensors: [block('attn_qkv.weight', [6, 2])] };
    const [whole] = (await open(parts)).tensors;
    expect(whole).toMatchObject({ role: 'c_attn', shape: [6, 2] });
    expect(whole).not.toHaveProperty('inputFirst');
    const { tensors } = await open(parts, true);
    expect(await Promise.all(tensors.map(async ({ read }) => [...(await read())]))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
  });

  it('of Falcon, whose heads are put back into their groups', async () => {
    const { tensors } = await open({
      ...of('falcon', {
        'falcon.attention.head_count': ['u32', 4],
        'falcon.attention.head_count_kv': ['u32', 2],
      }),
      tensors: [block('attn_qkv.weight', [8, 1])],
    });
    // Four queries, two keys, two values.
    expect([...(await tensors[0]!.read())]).toEqual([0, 1, 4, 6, 2, 3, 5, 7]);
  });
});

describe('queries and keys of Llama', () => {
  const tensors = [floats('blk.0.attn_k.weight', [6, 2]), floats('blk.0.attn_k.bias', [6])];
  it('have their rows put back, by parts and as stored', async () => {
    const { tensors: read } = await open({ metadata: llamaSettings, tensors });
    const [weight, bias] = read;
    const expected = [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11];
    for (let start = 0; start <= 12; start++) {
      for (let end = start; end <= 12; end++) {
        expect([...(await weight!.read(start, end))]).toEqual(expected.slice(start, end));
      }
    }
    const target = new Uint8Array(16);
    await weight!.readInto!(target, 6);
    expect([...new Float32Array(target.buffer)]).toEqual(expected.slice(6, 10));
    expect([...(await bias!.read())]).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it('are refused where they do not divide among the heads', async () => {
    const odd = [floats('blk.0.attn_k.weight', [5, 2])];
    await expect(open({ metadata: llamaSettings, tensors: odd })).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message:
        'm.gguf: tensor "blk.0.attn_k.weight": its 5 rows do not divide among 1 heads; convert the model again',
    });
  });
});

describe('the configuration', () => {
  it('is in the words of config.json', async () => {
    const tensors = [floats('token_embd.weight', [10, 4])];
    const { config, architecture } = await open({
      metadata: {
        ...llamaSettings,
        'llama.rope.scaling.type': ['text', 'linear'],
        'llama.rope.scaling.factor': ['f32', 2],
        'tokenizer.ggml.eos_token_id': ['u32', 7],
      },
      tensors,
    });
    expect(architecture).toBe('LlamaForCausalLM');
    expect(config).toEqual({
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_size: 4,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      max_position_embeddings: 64,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      rope_scaling: { rope_type: 'linear', factor: 2 },
      eos_token_id: 7,
      vocab_size: 10,
      tie_word_embeddings: true,
    });
  });

  it('leaves out what has no value for it', async () => {
    const { config } = await open({
      metadata: {
        ...llamaSettings,
        'llama.block_count': ['text', '[{'],
        'llama.context_length': ['text', 'long'],
        'llama.feed_forward_length': ['list', 'u32', [8, 9]],
        'llama.attention.head_count_kv': ['list', 'u32', [1, 1]],
        'tokenizer.ggml.eos_token_id': ['text', 'last'],
      },
    });
    for (const name of ['num_hidden_layers', 'max_position_embeddings', 'intermediate_size']) {
      expect(config).not.toHaveProperty(name);
    }
    expect(config).not.toHaveProperty('eos_token_id');
    expect(config).toMatchObject({ num_key_value_heads: 1 });
  });

  it('knows an output layer of its own', async () => {
    const tensors = [floats('output.weight', [10, 4])];
    const { config } = await open({ metadata: llamaSettings, tensors });
    expect(config).toMatchObject({ tie_word_embeddings: false });
  });

  // Divisors as convert_hf_to_gguf.py computes them for Llama 3.2, with heads of 64.
  it('has the scaling of Llama 3 from its divisors, and none that is not', async () => {
    const theta = 500_000;
    const divisors = Array.from({ length: 32 }, (_, i) => {
      const wavelength = 2 * Math.PI * theta ** (i / 32);
      if (wavelength < 2048) return 1;
      if (wavelength > 8192) return 32;
      const smooth = (8192 / wavelength - 1) / 3;
      return 1 / ((1 - smooth) / 32 + smooth);
    });
    const metadata = { ...llamaSettings, 'llama.rope.freq_base': ['f32', theta] as Value };
    const scalingFor = async (values: number[]) =>
      (await open({ metadata, tensors: [floats('rope_freqs.weight', [32], values)] })).config![
        'rope_scaling'
      ];
    expect(await scalingFor(divisors)).toEqual({
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    });
    expect(await scalingFor(divisors.with(3, 2))).toMatchObject({
      rope_type: 'by the divisors of rope_freqs',
    });
  });
});

describe('the tokenizer', () => {
  const byteLevel = (settings: Record<string, Value>) =>
    open({
      metadata: {
        ...llamaSettings,
        'tokenizer.ggml.model': ['text', 'gpt2'],
        'tokenizer.ggml.tokens': ['list', 'text', ['a', 'b', 'ab', '<s>', '<think>', '[PAD5]']],
        'tokenizer.ggml.token_type': ['list', 'i32', [1, 1, 1, 3, 4, 5]],
        'tokenizer.ggml.merges': ['list', 'text', ['a b']],
        'tokenizer.ggml.bos_token_id': ['u32', 3],
        ...settings,
      },
    });

  it('is in the words of tokenizer.json and tokenizer_config.json', async () => {
    const template = '{{ messages }}';
    const { tokenizer: describe } = await byteLevel({
      'tokenizer.ggml.pre': ['text', 'gpt-2'],
      'tokenizer.chat_template': ['text', template],
    });
    const { tokenizer, config } = describe!();
    expect(config).toEqual({ bos_token: '<s>', chat_template: template });
    expect(tokenizer).toMatchObject({
      model: {
        type: 'BPE',
        vocab: { a: 0, b: 1, ab: 2, '<s>': 3, '<think>': 4 },
        merges: ['a b'],
      },
      added_tokens: [
        { id: 3, content: '<s>', special: true },
        { id: 4, content: '<think>', special: false },
      ],
      pre_tokenizer: { type: 'ByteLevel', use_regex: true },
      post_processor: null,
    });
    expect(tokenizer['model']).not.toHaveProperty(['vocab', '[PAD5]']);
  });

  it.each<[string, Record<string, Value>, boolean]>([
    ['of Llama 3, by itself', { 'tokenizer.ggml.pre': ['text', 'llama-bpe'] }, true],
    ['that says so', { 'tokenizer.ggml.add_bos_token': ['bool', true] }, true],
    ['that says no', { 'tokenizer.ggml.add_bos_token': ['bool', false] }, false],
  ])('%s begins a text with a token or not', async (_, settings, begins) => {
    const { tokenizer } = (await byteLevel(settings)).tokenizer!();
    expect(tokenizer['post_processor'] !== null).toBe(begins);
  });

  it.each<[Record<string, Value>, string, RegExp]>([
    [
      { 'tokenizer.ggml.model': ['text', 'constructor'] },
      'UNSUPPORTED_CHECKPOINT',
      /of the kind "constructor"; gpt2 and llama can be used/,
    ],
    [
      { 'tokenizer.ggml.pre': ['text', 'viking'] },
      'UNSUPPORTED_CHECKPOINT',
      /cuts texts in the way "viking", which is not known/,
    ],
    [
      { 'tokenizer.ggml.token_type': ['list', 'i32', [1]] },
      'INVALID_CHECKPOINT',
      /has 6 tokens, and types or scores of 1/,
    ],
  ])('is refused only when it is asked for: %j', async (settings, code, message) => {
    const { tokenizer } = await byteLevel(settings);
    expect(tokenizer).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('a header', () => {
  it('is read in pieces that double, and no tensor with it', async () => {
    const words = Array.from({ length: 30_000 }, (_, i) => `word ${i}`);
    const bytes = ggufFile({
      metadata: { ...llamaSettings, 'tokenizer.ggml.tokens': ['list', 'text', words] },
      tensors: [floats('a.weight', [1_000_000], new Float32Array(1_000_000))],
    });
    const header = bytes.byteLength - 4_000_000;
    const source = countingSource(bytes, 'm.gguf');
    await readCheckpoint({ files: [source] });
    // What tells safetensors, what tells others, then 64 KiB, ..., 1 MiB.
    expect(header).toBeGreaterThan(500_000);
    expect(source.reads()).toBe(2 + 5);
    expect(source.bytesRead()).toBeLessThan(2 * header);
  });

  it.each<[string, GgufParts, string, RegExp]>([
    ['version 1', { version: 1 }, 'UNSUPPORTED_CHECKPOINT', /version 1 of GGUF cannot be read/],
    ['big-endian', { version: 3 << 24 }, 'UNSUPPORTED_CHECKPOINT', /numbers are big-endian/],
    [
      'an unknown type',
      { tensors: [{ ...floats('a.weight', [1]), type: 99 }] },
      'INVALID_CHECKPOINT',
      /tensor "a.weight": its type 99 is none of ggml's/,
    ],
    [
      'half a block',
      { tensors: [{ ...floats('a.weight', [9]), type: 8 }] },
      'INVALID_CHECKPOINT',
      /rows of 9 elements are no whole blocks of 32/,
    ],
    [
      'an odd alignment',
      { metadata: { 'general.alignment': ['u32', 3] } },
      'INVALID_CHECKPOINT',
      /general.alignment "3" is no power of two/,
    ],
    [
      'a name twice',
      { tensors: [floats('a.weight', [1]), floats('a.weight', [1])] },
      'INVALID_CHECKPOINT',
      /tensor "a.weight": the file holds another tensor of the same name/,
    ],
    [
      'a shard alone',
      { metadata: { 'split.count': ['u32', 3] } },
      'INVALID_CHECKPOINT',
      /is one of 3 files of a model, and 1 are given/,
    ],
  ])('with %s is refused', async (_, parts, code, message) => {
    await expect(open(parts)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('may be of version 2, and aligned otherwise', async () => {
    const tensors = [floats('a.weight', [3]), floats('b.weight', [3])];
    const metadata = { 'general.alignment': ['u32', 64] as Value };
    const read = await open({ version: 2, alignment: 64, metadata, tensors });
    expect([...(await read.tensors[1]!.read())]).toEqual([0, 1, 2]);
  });
});

describe('a model in several files', () => {
  const split = (no: number): Record<string, Value> => ({
    'split.no': ['u32', no],
    'split.count': ['u32', 2],
  });
  // As gguf-split leaves them: only the first says what the model is.
  const files = {
    'm-00001-of-00002.gguf': ggufFile({
      metadata: { ...llamaSettings, ...split(0) },
      tensors: [floats('blk.0.attn_q.weight', [4, 1])],
    }),
    'm-00002-of-00002.gguf': ggufFile({
      metadata: split(1),
      tensors: [floats('blk.0.attn_k.weight', [4, 1]), floats('output.weight', [2, 1])],
    }),
  };
  const root = temporaryFolder('gguf');
  const folder = async (name: string, content: Record<string, Uint8Array>): Promise<string> => {
    await mkdir(join(root, name));
    for (const [file, bytes] of Object.entries(content)) {
      await writeFile(join(root, name, file), bytes);
    }
    return join(root, name);
  };
  const summary = async (path: string): Promise<unknown> => {
    const { tensors, config, close } = await openCheckpoint(path);
    const values = await Promise.all(
      tensors.map(async ({ name, read }) => [name, ...(await read())]),
    );
    await close();
    return [config?.['tie_word_embeddings'], ...values];
  };
  const expected = [
    false,
    ['model.layers.0.self_attn.q_proj.weight', 0, 1, 2, 3],
    ['model.layers.0.self_attn.k_proj.weight', 0, 2, 1, 3],
    ['lm_head.weight', 0, 1],
  ];

  it('is read from its folder and by any of its files', async () => {
    const path = await folder('split', files);
    for (const place of [path, ...Object.keys(files).map((file) => join(path, file))]) {
      expect(await summary(place)).toEqual(expected);
    }
  });

  it('is read from a hub', async () => {
    const hub = await startHub();
    try {
      for (const [name, bytes] of Object.entries(files)) await hub.put(`demo/split/${name}`, bytes);
      const { endpoint } = hub;
      const { tensors } = await openHubCheckpoint('hf://demo/split', { endpoint });
      expect([...(await tensors[1]!.read())]).toEqual([0, 2, 1, 3]);
      // Beside another quantization, by one of its files.
      await hub.put('demo/split/m-q8_0.gguf', ggufFile({}));
      await expect(openHubCheckpoint('hf://demo/split', { endpoint })).rejects.toMatchObject({
        code: 'INVALID_CHECKPOINT',
        message: expect.stringContaining('2 models in .gguf files (m-NNNNN-of-00002.gguf, m-q8_0'),
      });
      const folder = join(root, 'cache');
      const local = hubCache({ folder, download: true });
      for (const [file] of Object.entries(files)) {
        const reference = `hf://demo/split/${file}`;
        const one = await openHubCheckpoint(reference, { endpoint, local });
        expect(one.tensors.map(({ name }) => name)).toEqual(tensors.map(({ name }) => name));
        expect(one.source).toMatch(/^hf:\/\/demo\/split@[0-9a-f]{40}\/m-0000[12]-of-00002\.gguf$/);
        const { source, close } = await openCachedCheckpoint(reference, { folder });
        expect(source).toBe(one.source);
        await close();
        await one.close();
        const address = `${endpoint}/demo/split/resolve/main/${file}`;
        const beside = await openUrlCheckpoint(address);
        expect(beside.source).toBe(address);
        expect(beside.tensors.map(({ name }) => name)).toEqual(tensors.map(({ name }) => name));
        expect([...(await beside.tensors[1]!.read())]).toEqual([0, 2, 1, 3]);
      }
      const gone = openUrlCheckpoint(`${endpoint}/demo/split/resolve/main/x-00001-of-00002.gguf`);
      await expect(gone).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const absent = openHubCheckpoint('hf://demo/split/n.gguf', { endpoint });
      await expect(absent).rejects.toMatchObject({ code: 'NOT_FOUND' });
    } finally {
      await hub.close();
    }
  });

  it('is refused without one of them', async () => {
    const [first] = Object.entries(files);
    const path = await folder('missing', Object.fromEntries([first!]));
    for (const place of [path, join(path, first![0])]) {
      await expect(openCheckpoint(place)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('1 of the 2 files of the model are missing (m-00002-of'),
      });
    }
  });

  it('and one beside it are told apart by their names', async () => {
    const path = await folder('several', { ...files, 'm-q8_0.gguf': ggufFile({}) });
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: `${path}: 2 models in .gguf files (m-NNNNN-of-00002.gguf, m-q8_0.gguf); give one of the files`,
    });
  });
});
