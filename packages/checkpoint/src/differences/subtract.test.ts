/** A model less its base: expected values are sums by hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoint.js';
import type { TensorData } from '../formats/safetensors/serialize.js';
import { type FileReference, fileSourceAgain } from '../node/file-source.js';
import { openCheckpoint } from '../node/open.js';
import { plainWeight } from '../tensors/recipe.js';
import { fileOf, lora, matrix, vector } from '../test-support/adapters.js';
import { weightReader } from '../weight-reader.js';
import { subtractBase } from './subtract.js';

const root = temporaryFolder('subtract');

async function opened(name: string, tensors: TensorData[]): Promise<Checkpoint> {
  mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, name, 'model.safetensors'), fileOf(tensors));
  return openCheckpoint(join(root, name));
}

const q = 'model.layers.0.self_attn.q_proj.weight';
const k = 'model.layers.0.self_attn.k_proj.weight';
const up = 'model.layers.0.mlp.up_proj.weight';
const norm = 'model.layers.0.input_layernorm.weight';

const tuned = (): Promise<Checkpoint> =>
  opened('tuned', [
    matrix(q, [
      [1.5, 2],
      [3, 5],
    ]),
    matrix(k, [[1, 2, 3]]),
    matrix(up, [
      [1, 2],
      [3, 4],
    ]),
    vector(norm, [1, 2]),
  ]);

/** Other names, BF16, and another shape of one. */
const base = (): Promise<Checkpoint> =>
  opened('base', [
    matrix(
      'layers.0.self_attn.q_proj.weight',
      [
        [1, 2],
        [0.5, 3],
      ],
      'BF16',
    ),
    matrix('layers.0.self_attn.k_proj.weight', [[1, 2]]),
    matrix('layers.0.self_attn.o_proj.weight', [[1, 2]]),
    vector('layers.0.input_layernorm.weight', [1, 1]),
  ]);

describe('a checkpoint less its base', async () => {
  const difference = subtractBase(await tuned(), await base());
  const weight = (name: string) => difference.tensors.find((each) => each.name === name)!;

  it('has W - W_base under the names of the model, whatever the base calls and stores it', async () => {
    const { read, ...description } = weight(q);
    expect(description).toMatchObject({ dtype: 'F32', shape: [2, 2], block: 0, role: 'q_proj' });
    expect(description.base).toBe('layers.0.self_attn.q_proj.weight');
    expect(description).not.toHaveProperty('readInto');
    expect([...(await read())]).toEqual([0.5, 0, 2.5, 2]);
    expect([...(await read(1, 3))]).toEqual([0, 2.5]);
    expect(difference.base).toBe(join(root, 'base'));
  });

  it('says why other matrices have none, and leaves vectors alone', () => {
    expect(weight(k).unreadable).toBe(`[1, 3] here and [1, 2] in ${join(root, 'base')}`);
    expect(weight(up).unreadable).toBe(`not in ${join(root, 'base')}`);
    expect(weight(norm)).not.toHaveProperty('base');
    expect(weight(norm)).not.toHaveProperty('unreadable');
  });

  it('tells what only the base has', () => {
    expect(difference.notes).toContainEqual(
      `1 weights of ${join(root, 'base')} are not in ${join(root, 'tuned')}: layers.0.self_attn.o_proj.weight`,
    );
  });

  it('is read again by other threads, from both files', async () => {
    const files: string[] = [];
    const reader = weightReader({
      async open(file) {
        files.push(file.name);
        return fileSourceAgain(file as FileReference);
      },
    });
    const again = await reader.weight(structuredClone(plainWeight(weight(q))!));
    expect([...(await again.read())]).toEqual([0.5, 0, 2.5, 2]);
    expect(again.base).toBe(weight(q).base);
    expect(files).toHaveLength(2);
    await reader.close();
  });
});

it('is refused for models that have nothing in common, and for adapters', async () => {
  const other = await opened('other', [matrix('layers.0.self_attn.q_proj.weight', [[1, 2]])]);
  const shown = await tuned();
  expect(() => subtractBase(shown, other)).toThrow(
    /no projection of .*tuned has a partner of its shape in .*other: .*up_proj.weight is not in .*; give/,
  );
  mkdirSync(join(root, 'adapter'));
  const settings = JSON.stringify({ peft_type: 'LORA', r: 1, lora_alpha: 1 });
  writeFileSync(join(root, 'adapter', 'adapter_config.json'), settings);
  const factors = lora('model.layers.0.self_attn.q_proj', [[1, 2]], [[1], [2]]);
  writeFileSync(join(root, 'adapter', 'adapter_model.safetensors'), fileOf(factors));
  const adapter = await openCheckpoint(join(root, 'adapter'));
  expect(() => subtractBase(shown, adapter)).toThrow(/adapter is an adapter, whose updates/);
  expect(() => subtractBase(adapter, shown)).toThrow(/adapter is an adapter, whose updates/);
});
