/** Folders as Llama and Mistral released them: pieces of matrices, settings in params.json. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { plainWeight } from '../tensors/recipe.js';
import { fileOf, matrix } from '../test-support/adapters.js';
import { dict, tensor, torchArchive } from '../test-support/pickles.js';
import { weightReader } from '../weight-reader.js';
import { type FileReference, fileSourceAgain, openCheckpoint } from './index.js';

const root = temporaryFolder('original-release');
let folders = 0;
async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const path = join(root, `${folders++}`);
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

type Rows = readonly (readonly number[])[];

/** A file of PyTorch with float32 tensors; what is one row is a vector. */
function pth(tensors: Readonly<Record<string, Rows>>): Uint8Array {
  const entries = Object.entries(tensors);
  const described = entries.map(([name, rows], i) => {
    const shape = rows.length === 1 ? [rows[0]!.length] : [rows.length, rows[0]!.length];
    return [name, tensor(shape, { key: `${i}` })] as const;
  });
  const storages = entries.map(
    ([, rows], i) => [`${i}`, new Uint8Array(Float32Array.from(rows.flat()).buffer)] as const,
  );
  return torchArchive(dict(Object.fromEntries(described)), Object.fromEntries(storages));
}

// Width 4, two heads of two rows, three hidden units on each of two processors.
const grid = (rows: number, columns: number, from: number): number[][] =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => from + 10 * row + column),
  );
const columns = (rows: Rows, from: number, to: number): Rows =>
  rows.map((row) => row.slice(from, to));
const model = {
  'tok_embeddings.weight': grid(5, 4, 1000),
  'layers.0.attention.wq.weight': grid(4, 4, 2000),
  'layers.0.attention.wk.weight': grid(4, 4, 3000),
  'layers.0.attention.wo.weight': grid(4, 4, 4000),
  'layers.0.feed_forward.w1.weight': grid(6, 4, 5000),
  'layers.0.feed_forward.w2.weight': grid(4, 6, 6000),
  'layers.0.attention_norm.weight': [[1, 2, 3, 4]],
  'norm.weight': [[5, 6, 7, 8]],
  'rope.freqs': [[9]],
  'output.weight': grid(6, 4, 7000),
} as const;

/** What processor 0 or 1 had. */
function piece(number: 0 | 1, embeddingBy: 'rows' | 'columns' = 'columns'): Record<string, Rows> {
  const rows = (all: Rows): Rows =>
    all.slice((number * all.length) / 2, ((number + 1) * all.length) / 2);
  const half = (all: Rows): Rows =>
    columns(all, (number * all[0]!.length) / 2, ((number + 1) * all[0]!.length) / 2);
  const embedding = model['tok_embeddings.weight'];
  return {
    'tok_embeddings.weight':
      embeddingBy === 'columns'
        ? half(embedding)
        : number === 0
          ? embedding.slice(0, 2)
          : embedding.slice(2),
    'layers.0.attention.wq.weight': rows(model['layers.0.attention.wq.weight']),
    'layers.0.attention.wk.weight': rows(model['layers.0.attention.wk.weight']),
    'layers.0.attention.wo.weight': half(model['layers.0.attention.wo.weight']),
    'layers.0.feed_forward.w1.weight': rows(model['layers.0.feed_forward.w1.weight']),
    'layers.0.feed_forward.w2.weight': half(model['layers.0.feed_forward.w2.weight']),
    'layers.0.attention_norm.weight': model['layers.0.attention_norm.weight'],
    'norm.weight': model['norm.weight'],
    'rope.freqs': model['rope.freqs'],
    'output.weight': rows(model['output.weight']),
  };
}

const params = JSON.stringify({ dim: 4, n_layers: 1, n_heads: 2, norm_eps: 1e-5, vocab_size: -1 });

async function valuesOf(path: string): Promise<Record<string, readonly number[]>> {
  const { tensors, close } = await openCheckpoint(path);
  const values = await Promise.all(
    tensors.map(async ({ name, read }) => [name, [...(await read())]] as const),
  );
  await close();
  return Object.fromEntries(values);
}

const expected = Object.fromEntries(
  Object.entries(model).map(([name, rows]) => [
    name,
    rows.flatMap((row: readonly number[]) => row),
  ]),
);

describe('the pieces of a model', () => {
  it.each(['rows', 'columns'] as const)('are joined, of the embedding by %s', async (by) => {
    const path = await folder({
      'consolidated.00.pth': pth(piece(0, by)),
      'consolidated.01.pth': pth(piece(1, by)),
      'params.json': params,
      'checklist.chk': '',
    });
    for (const given of [path, join(path, 'consolidated.01.pth')])
      expect(await valuesOf(given)).toEqual(expected);
    const checkpoint = await openCheckpoint(path);
    expect(checkpoint).toMatchObject({
      blocks: 1,
      config: { hidden_size: 4, num_hidden_layers: 1, num_key_value_heads: 2 },
      notes: [],
    });
    // Threads that measure are told where the pieces lie.
    const reader = weightReader({ open: (file) => fileSourceAgain(file as FileReference) });
    for (const weight of checkpoint.tensors) {
      const again = await reader.weight(structuredClone(plainWeight(weight))!);
      expect([...(await again.read())]).toEqual(expected[weight.name]);
    }
    await reader.close();
    await checkpoint.close();
  });

  it('that is in one is that', async () => {
    expect(await valuesOf(await folder({ 'consolidated.00.pth': pth(model) }))).toEqual(expected);
  });

  const { 'norm.weight': _, ...bare } = piece(1);
  it.each<[string, Record<string, Uint8Array | string>, string, RegExp]>([
    [
      'that are not all there',
      {
        'consolidated.00.pth': pth(piece(0)),
        'consolidated.01.pth': pth(piece(1)),
        'params.json': params.replace('"n_heads":2', '"n_heads":4,"head_dim":2'),
      },
      'INVALID_CHECKPOINT',
      /"layers\.0\.attention\.wq\.weight": the pieces in 2 files make 4 rows, 8 are expected; download all/,
    ],
    [
      'of different models',
      { 'consolidated.00.pth': pth(piece(0)), 'consolidated.01.pth': pth(bare) },
      'INVALID_CHECKPOINT',
      /consolidated\.01\.pth: tensor "norm\.weight": it has no piece of it, and consolidated\.00\.pth has one/,
    ],
    [
      'of other shapes',
      {
        'consolidated.00.pth': pth(piece(0)),
        'consolidated.01.pth': pth({ ...piece(1), 'output.weight': grid(2, 5, 0) }),
      },
      'INVALID_CHECKPOINT',
      /its piece, \[2,5\] of F32, does not fit that in consolidated\.00\.pth, \[3,4\] of F32/,
    ],
    [
      'that are joined nobody knows how',
      {
        'consolidated.00.pth': pth({ x: grid(2, 2, 0) }),
        'consolidated.01.pth': pth({ x: grid(2, 2, 0) }),
      },
      'UNSUPPORTED_CHECKPOINT',
      /tensor "x": it is not known how the pieces of it are joined; convert/,
    ],
  ])('%s are refused', async (_, files, code, message) => {
    const error = await openCheckpoint(await folder(files)).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(message);
    expect(isAlphaLoraError(error, code as 'INVALID_CHECKPOINT')).toBe(true);
  });
});

describe('params.json', () => {
  const weights = { 'consolidated.safetensors': fileOf([matrix('norm.weight', [[1]])]) };
  const configOf = async (files: Record<string, string>) => {
    const { config, close } = await openCheckpoint(await folder({ ...weights, ...files }));
    await close();
    return config;
  };

  // Mistral-7B-v0.3, Mixtral-8x22B, Llama-2-70b and Llama-3.2-1B as released; what convert_*_weights_to_hf.py
  // of transformers makes of them.
  it.each<[string, object, object]>([
    [
      'Mistral',
      {
        ...{
          dim: 4096,
          n_layers: 32,
          head_dim: 128,
          hidden_dim: 14336,
          n_heads: 32,
          n_kv_heads: 8,
        },
        ...{ norm_eps: 1e-5, vocab_size: 32768, rope_theta: 1_000_000.0 },
      },
      {
        ...{ hidden_size: 4096, num_hidden_layers: 32, head_dim: 128, intermediate_size: 14336 },
        ...{ num_attention_heads: 32, num_key_value_heads: 8, rms_norm_eps: 1e-5 },
        ...{ vocab_size: 32768, rope_theta: 1_000_000 },
      },
    ],
    [
      'Mixtral',
      {
        ...{
          dim: 6144,
          n_layers: 56,
          head_dim: 128,
          hidden_dim: 16384,
          n_heads: 48,
          n_kv_heads: 8,
        },
        ...{ norm_eps: 1e-5, vocab_size: 32000, moe: { num_experts_per_tok: 2, num_experts: 8 } },
      },
      {
        ...{ hidden_size: 6144, num_hidden_layers: 56, head_dim: 128, intermediate_size: 16384 },
        ...{ num_attention_heads: 48, num_key_value_heads: 8, rms_norm_eps: 1e-5 },
        ...{ vocab_size: 32000, rope_theta: 10_000, num_local_experts: 8, num_experts_per_tok: 2 },
      },
    ],
    [
      'Llama 2',
      {
        ...{ dim: 8192, multiple_of: 4096, ffn_dim_multiplier: 1.3, n_heads: 64, n_kv_heads: 8 },
        ...{ n_layers: 80, norm_eps: 1e-5, vocab_size: -1 },
      },
      {
        ...{ hidden_size: 8192, num_hidden_layers: 80, intermediate_size: 28672 },
        ...{ num_attention_heads: 64, num_key_value_heads: 8, rms_norm_eps: 1e-5 },
        rope_theta: 10_000,
      },
    ],
    [
      'Llama 3.2',
      {
        ...{ dim: 2048, ffn_dim_multiplier: 1.5, multiple_of: 256, n_heads: 32, n_kv_heads: 8 },
        ...{ n_layers: 16, norm_eps: 1e-5, rope_theta: 500000.0, vocab_size: 128256 },
        use_scaled_rope: true,
      },
      {
        ...{ hidden_size: 2048, num_hidden_layers: 16, intermediate_size: 8192 },
        ...{ num_attention_heads: 32, num_key_value_heads: 8, rms_norm_eps: 1e-5 },
        ...{ vocab_size: 128256, rope_theta: 500_000 },
      },
    ],
  ])('of %s is read in the words of a config.json', async (_, given, config) => {
    expect(await configOf({ 'params.json': JSON.stringify(given) })).toEqual(config);
    // As some releases nest them.
    expect(await configOf({ 'params.json': JSON.stringify({ model: given }) })).toEqual(config);
  });

  it('gives way to a config.json', async () => {
    const both = { 'params.json': params, 'config.json': '{"hidden_size":7}' };
    expect(await configOf(both)).toEqual({ hidden_size: 7 });
  });

  it.each(['{}', '{"dim":"x","n_layers":1}', '{"dim":4}', '{"model":[]}'])(
    'that is something else is left out: %s',
    async (text) => {
      expect(await configOf({ 'params.json': text })).toBeUndefined();
    },
  );
});
