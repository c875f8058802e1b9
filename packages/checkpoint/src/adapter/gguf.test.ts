/** Adapters of llama.cpp, written by the letter of the format: what is read of them, and what is refused. */
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { families } from '../formats/gguf/families/index.js';
import { memorySource } from '../sources/memory.js';
import { matrix, modelOf } from '../test-support/adapters.js';
import { floats, type GgufTensor, ggufFile, type Value } from '../test-support/gguf.js';
import type { Adapter } from './adapter.js';
import { convertAdapter } from './convert.js';
import { fileName, moduleIn } from './gguf-modules.js';
import { readAdapter } from './read.js';

const said: Record<string, Value> = {
  'general.architecture': ['text', 'llama'],
  'general.type': ['text', 'adapter'],
  'adapter.type': ['text', 'lora'],
  'adapter.lora.alpha': ['f32', 6],
};
/** Two heads of four rows, whose halves lie in turns: 0 2 1 3, 4 6 5 7. */
const rows = [0, 2, 1, 3, 4, 6, 5, 7];
const q = 'model.layers.0.self_attn.q_proj';
const queries: GgufTensor[] = [
  floats('blk.0.attn_q.weight.lora_a', [2, 3], [1, 0, 0, 0, 1, 0]),
  floats(
    'blk.0.attn_q.weight.lora_b',
    [8, 2],
    rows.flatMap((row) => [row, -row]),
  ),
];

function fileOf(tensors: readonly GgufTensor[], more: Readonly<Record<string, Value>> = {}) {
  return memorySource(ggufFile({ metadata: { ...said, ...more }, tensors }), 'lora.gguf');
}

const open = (...given: Parameters<typeof fileOf>): Promise<Adapter> =>
  readAdapter({ weights: fileOf(...given) });
const base = () =>
  modelOf(
    [
      matrix(
        `${q}.weight`,
        Array.from({ length: 8 }, () => [0, 0, 0]),
      ),
    ],
    {},
    { model_type: 'llama', num_attention_heads: 2, num_key_value_heads: 1 },
  );
const inOrder = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((row) => [row, -row]);

describe('an adapter of llama.cpp', () => {
  it('has the rows of the model where it says how many heads there are', async () => {
    const { format, updates, notes } = await open(queries, {
      'llama.attention.head_count': ['u32', 2],
      'general.base_model.0.name': ['text', 'stories'],
    });
    expect({ format, notes }).toEqual({ format: 'GGUF', notes: [] });
    expect(updates).toMatchObject([{ module: q, rank: 2, scale: 3, inputs: 3, outputs: 8 }]);
    expect(updates[0]).not.toHaveProperty('withHeads');
    expect([...(await updates[0]!.readB())]).toEqual(inOrder);
  });

  it('gets that order from the base where it does not say it', async () => {
    const adapter = await open(queries);
    expect(adapter.notes).toEqual([expect.stringMatching(/in the order of llama.cpp/)]);
    const ordered = adapter.updates[0]!.withHeads!({ num_attention_heads: 2 });
    expect([...(await ordered.readB())]).toEqual(inOrder);
    expect(() => adapter.updates[0]!.withHeads!({})).toThrow(/num_attention_heads/);
    expect(() => adapter.updates[0]!.withHeads!({ num_attention_heads: 3 })).toThrow(
      /8 rows do not divide among 3 heads/,
    );
    const config = { model_type: 'llama', num_attention_heads: 2 };
    const zeros = matrix(
      `${q}.weight`,
      Array.from({ length: 8 }, () => [0, 0, 0]),
    );
    const { tensors } = await modelOf([zeros], { adapter }, config);
    expect([...(await tensors[0]!.read())]).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap((row) => [3 * row, 0 - 3 * row, 0]),
    );
    const again = await open(queries);
    await expect(modelOf([zeros], { adapter: again })).rejects.toThrow(/num_attention_heads/);
  });

  it('is converted with the base only', async () => {
    const adapter = await open(queries);
    await expect(convertAdapter(adapter, { to: 'peft' })).rejects.toMatchObject({
      code: 'UNSUPPORTED_CHECKPOINT',
      message: expect.stringMatching(/does not say how many heads there are; give .* \(--base\)$/),
    });
    const { files } = await convertAdapter(adapter, { to: 'peft', base: await base() });
    const config = JSON.parse(new TextDecoder().decode(files['adapter_config.json']![0]));
    expect(config).toMatchObject({ peft_type: 'LORA', r: 2, lora_alpha: 6, target_modules: [q] });
  });

  it('has embeddings the other way round, and a scale of 1 where alpha is 0', async () => {
    const { updates } = await open(
      [
        floats('token_embd.weight.lora_a', [3, 1], [1, 2, 3]),
        floats('token_embd.weight.lora_b', [2, 1], [4, 5]),
      ],
      { 'adapter.lora.alpha': ['f32', 0] },
    );
    expect(updates).toMatchObject([
      { module: 'model.embed_tokens', embedding: true, inputs: 3, outputs: 2, rank: 1, scale: 1 },
    ]);
    expect([...(await updates[0]!.readA())]).toEqual([1, 2, 3]);
    expect([...(await updates[0]!.readB())]).toEqual([4, 5]);
  });

  it('opens as a checkpoint of its updates', async () => {
    const { adapterFormat, tensors } = await readCheckpoint({ files: [fileOf(queries)] });
    expect(adapterFormat).toBe('GGUF');
    expect(tensors).toMatchObject([{ name: `${q}.weight`, role: 'q_proj', block: 0 }]);
  });

  it.each<[string, readonly GgufTensor[], Record<string, Value>, RegExp]>([
    ['a model', queries, { 'general.type': ['text', 'model'] }, /general\.type is "model"/],
    ['a control vector', queries, { 'adapter.type': ['text', 'x'] }, /adapter\.type is "x"/],
    ['no number', queries, { 'adapter.lora.alpha': ['text', 'x'] }, /is no finite number/],
    ['a family', queries, { 'general.architecture': ['text', 'new'] }, /architecture "new"/],
    [
      'some tokens',
      queries,
      { 'adapter.alora.invocation_tokens': ['list', 'u32', [1]] },
      /acts on some tokens only/,
    ],
    [
      'stacked experts',
      [
        floats('blk.0.ffn_up_exps.weight.lora_a', [2, 1, 3]),
        floats('blk.0.ffn_up_exps.weight.lora_b', [2, 4, 1]),
      ],
      {},
      /factors of stacked experts/,
    ],
    [
      'a module',
      [floats('blk.0.what.weight.lora_a', [1, 3]), floats('blk.0.what.weight.lora_b', [4, 1])],
      {},
      /"blk\.0\.what" is no module of "llama"/,
    ],
    ['half a pair', queries.slice(1), {}, /the factor A that belongs to it is missing/],
    [
      'heads that do not divide',
      queries,
      { 'llama.attention.head_count': ['u32', 3] },
      /8 rows do not divide among 3 heads/,
    ],
  ])('is refused by %s', async (_, tensors, metadata, message) => {
    await expect(open(tensors, metadata)).rejects.toThrow(message);
  });
});

describe('converting', () => {
  const lora = async (more: Record<string, unknown> = {}) => {
    const { adapterOf, lora: factors } = await import('../test-support/adapters.js');
    return adapterOf(factors(q, [[1, 2, 3]], [[1], [2], [3], [4], [5], [6], [7], [8]]), {
      r: 1,
      lora_alpha: 2,
      ...more,
    });
  };

  it('says what it needs the base for', async () => {
    const adapter = await lora({ base_model_name_or_path: 'org/name' });
    await expect(convertAdapter(adapter, { to: 'gguf' })).rejects.toThrow(
      /orders rows by its heads, .*\(--base\), hf:\/\/org\/name by its name$/,
    );
  });

  it('lays the rows of queries as llama.cpp has them, and reads them again without the base', async () => {
    const { files } = await convertAdapter(await lora(), { to: 'gguf', base: await base() });
    const bytes = Buffer.concat(files['adapter.gguf']!);
    const stored = new Float32Array(new Uint8Array(bytes.subarray(-32)).buffer);
    expect([...stored]).toEqual([1, 3, 2, 4, 5, 7, 6, 8]);
    const { updates } = await readAdapter({ weights: memorySource(bytes, 'again.gguf') });
    expect([...(await updates[0]!.readB())]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(updates[0]).toMatchObject({ module: q, scale: 2 });
  });

  it('lays queries, keys and values apart where the model has them by head', async () => {
    const fused = 'gpt_neox.layers.0.attention.query_key_value';
    const rowsOf = (count: number): number[][] => Array.from({ length: count }, (_, i) => [i]);
    const { adapterOf, lora: factors } = await import('../test-support/adapters.js');
    const adapter = await adapterOf(factors(fused, [[1, 2]], rowsOf(6)), { r: 1 });
    const weight = matrix(
      `${fused}.weight`,
      Array.from({ length: 6 }, () => [0, 0]),
    );
    const model = await modelOf([weight], {}, { model_type: 'gpt_neox', num_attention_heads: 2 });
    const { files } = await convertAdapter(adapter, { to: 'gguf', base: model });
    const bytes = Buffer.concat(files['adapter.gguf']!);
    const stored = new Float32Array(new Uint8Array(bytes.subarray(-32, -8)).buffer);
    // Of two heads of one row: q0 k0 v0 q1 k1 v1 there, q0 q1 k0 k1 v0 v1 here.
    expect([...stored]).toEqual([0, 3, 1, 4, 2, 5]);
    const { updates } = await readAdapter({ weights: memorySource(bytes, 'again.gguf') });
    expect(updates[0]!.module).toBe(fused);
    expect([...(await updates[0]!.readB())]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each(Object.keys(families))('names the modules of %s both ways', (architecture) => {
    const family = families[architecture]!;
    const names = Object.entries(family.inner)
      .filter(([own, module]) => !own.endsWith('norm') && !module.includes('{}'))
      .map(([own]) => `blk.3.${own}`);
    const modules = names.map((name) => moduleIn(name, family)!);
    expect(modules.map((module) => fileName(module, family))).toEqual(names);
  });

  it('keeps a scale of 0, which as an alpha would stand for 1', async () => {
    const adapter = await lora({ lora_alpha: 0 });
    const { files, notes } = await convertAdapter(adapter, { to: 'gguf', base: await base() });
    expect(notes).toEqual([expect.stringMatching(/multiplied into B/)]);
    const weights = memorySource(Buffer.concat(files['adapter.gguf']!), 'zero.gguf');
    const { updates } = await readAdapter({ weights });
    expect(updates[0]!.scale).toBe(1);
    expect([...(await updates[0]!.readB())]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('refuses a base of other modules or shapes, or of a family without names', async () => {
    const convert = async (
      name: string,
      columns: number,
      config: Record<string, unknown> = { model_type: 'llama', num_attention_heads: 2 },
    ) =>
      convertAdapter(await lora(), {
        to: 'gguf',
        base: await modelOf(
          [
            matrix(
              name,
              Array.from({ length: 8 }, () => new Array<number>(columns).fill(0)),
            ),
          ],
          {},
          config,
        ),
      });
    await expect(convert('other.weight', 3)).rejects.toThrow(/"model\.layers.* is not in base/);
    await expect(convert(`${q}.weight`, 4)).rejects.toThrow(
      /is \[8, 3\], and the weight .*\[8,4\]/,
    );
    await expect(
      convert(`${q}.weight`, 3, { model_type: 'new', num_attention_heads: 2 }),
    ).rejects.toThrow(/names for the modules of new are not known/);
  });

  it('refuses the tied embedding, which llama.cpp has as one with the head', async () => {
    const { adapterOf } = await import('../test-support/adapters.js');
    const embedding = 'model.embed_tokens';
    const factor = (letter: string) => `base_model.model.${embedding}.lora_embedding_${letter}`;
    const adapter = await adapterOf(
      [matrix(factor('A'), [[1, 2, 3]]), matrix(factor('B'), [[1], [2]])],
      { r: 1 },
    );
    const model = (tied: boolean) =>
      modelOf(
        [
          matrix(`${embedding}.weight`, [[1, 2], [3, 4], [5, 6]]), // biome-ignore format: a matrix
        ],
        {},
        { model_type: 'llama', num_attention_heads: 1, tie_word_embeddings: tied },
      );
    const convert = async (tied: boolean) =>
      convertAdapter(adapter, { to: 'gguf', base: await model(tied) });
    await expect(convert(true)).rejects.toThrow(/the input embedding and the head .* one matrix/);
    const { files } = await convert(false);
    const weights = memorySource(Buffer.concat(files['adapter.gguf']!), 'e.gguf');
    const { updates } = await readAdapter({ weights });
    expect([...(await updates[0]!.readA())]).toEqual([1, 2, 3]);
    expect(updates[0]).toMatchObject({ embedding: true, inputs: 3, outputs: 2 });
  });
});
