/** Weights that are made again of plain data read as the originals, and open no more than they need. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointFormat } from '@alphalora/contracts/extensions';
import type { StoredTensor, WeightTensor } from '@alphalora/contracts/weights';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from './checkpoint.js';
import { formats } from './formats/index.js';
import { isFromFiles, plainWeight, weightReader } from './index.js';
import { type FileReference, fileSourceAgain } from './node/file-source.js';
import { openCheckpoint } from './node/open.js';
import { fileOf, lora, matrix, modelOf, vector } from './test-support/adapters.js';

const root = temporaryFolder('again');

function folder(name: string, files: Readonly<Record<string, Uint8Array | object>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(
      join(path, file),
      content instanceof Uint8Array ? content : JSON.stringify(content),
    );
  }
  return path;
}

/** Rows of numbers that BF16 holds. */
const numbers = (rows: number, columns: number, first = 1): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => first + (i * columns + j) / 8),
  );

const base = folder('base', {
  'config.json': { model_type: 'gpt2', n_head: 1, n_embd: 2 },
  'model.safetensors': fileOf([
    matrix('h.0.attn.c_attn.weight', numbers(2, 6)),
    matrix('h.0.attn.c_proj.weight', numbers(2, 2), 'BF16'),
    { name: 'h.0.mlp.c_fc.weight', dtype: 'F8_E4M3', shape: [2, 2], bytes: new Uint8Array(4) },
    vector('h.0.mlp.c_fc.weight_scale', [1]),
    vector('h.0.ln_1.weight', [1, 2]),
  ]),
});
const adapter = folder('adapter', {
  'adapter_config.json': { peft_type: 'LORA', r: 1, lora_alpha: 3, fan_in_fan_out: true },
  'adapter_model.safetensors': fileOf([
    ...lora('transformer.h.0.attn.c_attn', [[1, 2]], [[1], [2], [3], [4], [5], [6]]),
    vector('base_model.model.transformer.h.0.ln_1.weight', [7, 8]),
  ]),
});

const mlx = folder('mlx', {
  'adapter_config.json': { lora_parameters: { rank: 1, scale: 3 } },
  'adapters.safetensors': fileOf([
    matrix('layers.0.q.lora_a', [[1], [2], [3]]),
    matrix('layers.0.q.lora_b', [[4, 5]]),
    matrix('layers.0.k.lora_a', [[1], [2], [3]]),
    matrix('layers.0.k.lora_b', [[6, 7]]),
  ]),
});
const kohya = folder('kohya', {
  'x.safetensors': fileOf([
    { ...matrix('lora_unet_h_0_conv.lora_down.weight', [numbers(1, 8)[0]!]), shape: [1, 2, 2, 2] },
    { ...matrix('lora_unet_h_0_conv.lora_up.weight', [[1], [2]]), shape: [2, 1, 1, 1] },
    matrix('lora_unet_h_0_to_q.lora_down.weight', [[1, 2]]),
    matrix('lora_unet_h_0_to_q.lora_up.weight', [[1], [2]]),
  ]),
});

function again(opened: string[] = []) {
  return weightReader({
    async open(file) {
      opened.push(file.name.slice(root.length + 1));
      return fileSourceAgain(file as FileReference);
    },
  });
}

const valuesOf = async ({ read }: Pick<StoredTensor, 'read'>) =>
  read().then(
    (values) => [values.constructor.name, ...values],
    (error: Error) => error.message,
  );

/** All that can be known of a weight. */
async function facts(weight: WeightTensor) {
  const { read, readInto, factors, ...description } = weight;
  const stored = new Uint8Array(16);
  await readInto?.(stored.subarray(0, weight.dtype === 'F32' ? 4 : 2), 0);
  return {
    description,
    values: await valuesOf(weight),
    part: weight.shape[0]! > 1 && (await read(1, 2).catch(String)),
    stored: readInto && [...stored],
    ...(factors && {
      left: [...(await factors.left())],
      right: [...(await factors.right())],
      scale: factors.scale,
      rank: factors.rank,
    }),
  };
}

describe('a weight that is made again of its plain data', () => {
  it.each<[string, () => Promise<Checkpoint>, string[]]>([
    ['whole', () => openCheckpoint(base), ['base/model.safetensors']],
    ['split', () => openCheckpoint(base, { splitFused: true }), ['base/model.safetensors']],
    ['cast', () => openCheckpoint(base, { cast: 'float16' }), ['base/model.safetensors']],
    [
      'cast, with an adapter, and split',
      () => openCheckpoint(base, { splitFused: true, cast: 'bfloat16', adapter }),
      ['adapter/adapter_model.safetensors', 'base/model.safetensors'],
    ],
    ['of an adapter', () => openCheckpoint(adapter), ['adapter/adapter_model.safetensors']],
    ['of mlx-lm', () => openCheckpoint(mlx), ['mlx/adapters.safetensors']],
    ['of kohya', () => openCheckpoint(kohya), ['kohya/x.safetensors']],
    [
      'with an adapter, and split',
      () => openCheckpoint(base, { splitFused: true, adapter }),
      ['adapter/adapter_model.safetensors', 'base/model.safetensors'],
    ],
  ])('is the same: %s', async (_, open, files) => {
    const checkpoint = await open();
    const opened: string[] = [];
    const reader = again(opened);
    expect(checkpoint.tensors.length).toBeGreaterThan(1);
    for (const weight of checkpoint.tensors) {
      const copy = await reader.weight(structuredClone(plainWeight(weight)!));
      expect(await facts(copy)).toEqual(await facts(weight));
    }
    expect(opened.toSorted()).toEqual(files);
    await reader.close();
    await checkpoint.close();
  });

  it('is read by its format, which is asked once', async () => {
    let readings = 0;
    const doubled: CheckpointFormat = {
      name: 'doubled',
      extensions: ['.doubled'],
      sniff: (head) => head[0] === 0xd0,
      async read(source) {
        readings++;
        const tensor = (name: string, at: number): StoredTensor => ({
          name,
          dtype: 'F32',
          shape: [1, 1],
          read: async () => Float32Array.of(2 * (await source.read(at, at + 1))[0]!),
        });
        return { tensors: [tensor('a.weight', 1), tensor('b.weight', 2)], metadata: {} };
      },
    };
    formats.add(doubled.name, () => doubled);
    const path = join(folder('format', { 'x.doubled': Uint8Array.of(0xd0, 4, 6) }), 'x.doubled');
    const { tensors, close } = await openCheckpoint(path);
    const plain = tensors.map((weight) => structuredClone(plainWeight(weight)!));
    readings = 0;
    const reader = again();
    const values = await Promise.all(
      plain.map(async (each) => valuesOf(await reader.weight(each))),
    );
    expect(values).toEqual([
      ['Float32Array', 8],
      ['Float32Array', 12],
    ]);
    expect(readings).toBe(1);
    await reader.close();
    await close();
  });

  it('is not made of a file that has been written to since', async () => {
    const path = folder('changing', { 'model.safetensors': fileOf([vector('w', [1, 2])]) });
    const { tensors, close } = await openCheckpoint(path);
    const plain = plainWeight(tensors[0]!)!;
    const reader = again();
    utimesSync(join(path, 'model.safetensors'), 1, 1);
    await expect(reader.weight(plain)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: expect.stringMatching(/model\.safetensors: it was changed while it was read/),
    });
    await close();
  });
});

it('a weight in memory, or with another way of reading, has no plain data', async () => {
  const { tensors } = await modelOf([vector('w', [1, 2])]);
  expect(plainWeight(tensors[0]!)).toBeUndefined();
  const { tensors: stored, close } = await openCheckpoint(base);
  expect(stored.every(isFromFiles)).toBe(true);
  const other = { ...stored[0]!, read: async () => Float32Array.of(1) };
  expect(isFromFiles(other)).toBe(false);
  await close();
});
