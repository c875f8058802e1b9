/** What a forecast says, held to the analysis that follows it. */
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { seededRandom } from '@alphalora/contracts/numbers';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { type AnalyzeModelOptions, analyzeModel } from '../analyze-model.js';
import { openModel } from '../models/open.js';
import { type Forecast, forecastModel } from './forecast.js';

const root = temporaryFolder('forecast');
const cache = join(root, 'cache');

function modelFile(name: string): string {
  const tensor = (tensorName: string, shape: number[]) => {
    const random = seededRandom(1, tensorName);
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, random);
    return { name: tensorName, shape, dtype: 'F32', bytes: encodeValues(values, 'F32') };
  };
  const tensors = [
    ...[0, 1, 2].flatMap((block) => [
      tensor(`model.layers.${block}.self_attn.q_proj.weight`, [24, 20]),
      tensor(`model.layers.${block}.mlp.up_proj.weight`, [48, 20]),
      tensor(`model.layers.${block}.input_layernorm.weight`, [20]),
    ]),
    tensor('model.embed_tokens.weight', [30, 20]),
  ];
  const path = join(root, name);
  writeFileSync(path, Buffer.concat(serializeSafetensors({ tensors: tensors as never })));
  return path;
}
const path = modelFile('model.safetensors');

async function forecastOf(options: AnalyzeModelOptions = {}, model = path): Promise<Forecast> {
  const opened = await openModel(model);
  try {
    return await forecastModel(opened, options);
  } finally {
    await opened.close();
  }
}
const cachedOf = ({ matrices }: Forecast) =>
  Object.fromEntries(matrices.map(({ name, cached }) => [name, cached]));

describe('forecastModel', () => {
  it('names what an analysis measures and what it skips, without reading it', async () => {
    const found = await forecastOf();
    const { matrices } = await analyzeModel(path, { bootstrap: 0 });
    const rows = (status: string) => matrices.filter((row) => row.status === status);
    expect(found.matrices.map(({ name }) => name).sort()).toEqual(
      rows('ok')
        .map(({ name }) => name)
        .sort(),
    );
    expect(found.skipped.reduce((sum, { count }) => sum + count, 0)).toBe(rows('skipped').length);
    expect(found.skipped).toContainEqual({ reason: 'not a matrix', count: 3 });
    // n^2 m + 4/3 n^3 of three matrices of 20 x 24 and three of 20 x 48.
    const each = (longer: number) => 20 ** 2 * longer + (4 / 3) * 20 ** 3;
    expect(found.operations).toBeCloseTo(3 * each(24) + 3 * each(48), 3);
    expect(found.matrices[0]!.operations).toBeCloseTo(each(48), 3);
    expect(found.threads).toBe(1);
    expect(found.seconds.least).toBeGreaterThan(0);
    expect(found.seconds.most).toBeGreaterThan(found.seconds.least);
  });

  it('of a shard is about its matrices only', async () => {
    const parts = await Promise.all(
      [1, 2].map((index) => forecastOf({ shard: { index, count: 2 } })),
    );
    expect(parts.map(({ matrices }) => matrices.length)).toEqual([3, 3]);
    expect(parts[0]!.skipped).toContainEqual({ reason: 'measured by shard 2/2', count: 3 });
  });

  it('knows what is in the cache of the files as they are, with these settings', async () => {
    expect(new Set(Object.values(cachedOf(await forecastOf({ cache }))))).toEqual(
      new Set([undefined]),
    );
    await analyzeModel(path, { cache, include: ['*q_proj*'], bootstrap: 0 });
    const q = (block: number) => `model.layers.${block}.self_attn.q_proj.weight`;
    const after = cachedOf(await forecastOf({ cache }));
    expect(after).toMatchObject({ [q(0)]: true, [q(2)]: true });
    expect(after['model.layers.0.mlp.up_proj.weight']).toBeUndefined();
    expect(cachedOf(await forecastOf({ cache, precision: 'f32' }))[q(0)]).toBe(false);
    expect(cachedOf(await forecastOf())[q(0)]).toBe(false);
    // Of files that were written to since, nothing is known.
    utimesSync(path, 1, 1);
    expect(cachedOf(await forecastOf({ cache }))[q(0)]).toBeUndefined();
  });

  it.each([
    [{ estimator: 'guess' }, 'NOT_FOUND'],
    [{ include: ['guess'] }, 'INVALID_OPTION'],
  ])('refuses %j as an analysis does', async (options, code) => {
    await expect(forecastOf(options)).rejects.toMatchObject({ code });
  });
});
