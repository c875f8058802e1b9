/** What `analyzeModel` reports and obeys; its document is held to the command line's beside that. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { analyzeModel } from './analyze-model.js';
import { forecastModel } from './forecast/forecast.js';
import { mergeParts } from './merge.js';
import type { ModelProgress } from './model-progress.js';
import { type ModelReference, openModel } from './models/open.js';
import type { Work } from './pipeline/pipeline.js';

const root = temporaryFolder('measure');

const names = [0, 1, 2].map((block) => `model.layers.${block}.self_attn.q_proj.weight`);
function modelFile(name: string, scale = 1): string {
  const tensors = names.map((tensor, at) => {
    const values = Float32Array.from({ length: 480 }, (_, i) => scale * Math.sin((i + at) ** 1.5));
    return { name: tensor, shape: [24, 20], dtype: 'F32', bytes: encodeValues(values, 'F32') };
  });
  const path = join(root, name);
  writeFileSync(path, Buffer.concat(serializeSafetensors({ tensors: tensors as never })));
  return path;
}
const model = modelFile('model.safetensors');
const nothing = 'the matrix is not measured here';

describe('analyzeModel', () => {
  it('reports how far it is, and keeps nothing where no cache is named', async () => {
    const seen: ModelProgress[] = [];
    const before = readdirSync(root);
    const { matrices } = await analyzeModel(model, { onProgress: (each) => seen.push(each) });
    expect(matrices.map(({ name, status }) => [name, status])).toEqual(
      names.map((name) => [name, 'ok']),
    );
    expect(seen.at(-1)).toMatchObject({ finished: 3, count: 3, found: 0, received: 0 });
    expect(seen.at(-1)!.done).toBe(seen.at(-1)!.total);
    expect(readdirSync(root)).toEqual(before);
  });

  it('says why spectra could not be kept, once', async () => {
    const reasons: string[] = [];
    // A file, where the folder of the cache should be.
    await analyzeModel(model, { cache: model, onNotKept: (why) => reasons.push(why) });
    expect(reasons).toEqual([expect.stringContaining(model)]);
  });

  it('leaves a model open that it was given open, and takes its reference for it', async () => {
    const opened = await openModel(model);
    const first = await analyzeModel(opened, { source: 'mine', bootstrap: 0 });
    const second = await analyzeModel(opened, { source: 'mine', bootstrap: 0 });
    expect(first.model.source).toBe('mine');
    expect({ ...second, timings: 0 }).toEqual({ ...first, timings: 0 });
    await opened.close();
  });

  it('rehearses: the same rows, and none of the numbers', async () => {
    const shown = ({ matrices, blocks }: Awaited<ReturnType<typeof analyzeModel>>) => ({
      blocks: blocks.map(({ index, matrices }) => ({ index, matrices })),
      rows: matrices.map(({ name, block, role, shape, status }) => ({
        ...{ name, block, role, shape, status },
      })),
    });
    // Values that nothing can be fitted to would fail if they were read.
    const asked = { exclude: ['*.layers.1.*'], metrics: ['norm'] };
    const rehearsed = await analyzeModel(modelFile('nan.safetensors', Number.NaN), {
      ...asked,
      rehearse: true,
    });
    expect(shown(rehearsed)).toEqual(shown(await analyzeModel(model, asked)));
    expect(rehearsed.matrices[0]).toMatchObject({ alpha: 3, metrics: { norm: 1 } });
  });

  it('ends with the reason of its signal, and closes what it opened', async () => {
    const { signal } = new AbortController();
    const aborted = AbortSignal.any([signal, AbortSignal.abort(new Error('enough'))]);
    await expect(analyzeModel(model, { signal: aborted })).rejects.toThrow('enough');
  });

  it('keeps a warning of a pattern that matches nothing in the document, of a shard too', async () => {
    const options = { draws: 0, estimator: 'hill', tailShare: 0.25 };
    const asked = { ...options, include: [names[0]!, 'guess'], exclude: ['gess'] };
    const notes = [
      expect.stringMatching(/^--include 'guess' matches no weight.*; there are .* a name is /),
      expect.stringMatching(/^--exclude 'gess' matches no weight/),
    ];
    const analysis = await analyzeModel(model, asked);
    expect(analysis.notes).toEqual(notes);
    const measured = analysis.matrices.filter(({ status }) => status === 'ok');
    expect(measured.map(({ name }) => name)).toEqual([names[0]]);
    const parts = [1, 2].map(async (index) => ({
      file: `${index}`,
      analysis: await analyzeModel(model, { ...asked, shard: { index, count: 2 } }),
    }));
    expect(mergeParts(await Promise.all(parts)).notes).toEqual(notes);
    expect(await analyzeModel(model, options)).not.toHaveProperty('notes');
  });

  it('has a pipeline measure that it is given, and asks it for its own shard only', async () => {
    let asked: Work | undefined;
    let reference: ModelReference | undefined;
    let closed = 0;
    const shard = { index: 1, count: 3 };
    const analysis = await analyzeModel(model, {
      shard,
      pipeline: async (work, opened) => {
        asked = work;
        reference = opened.reference;
        return {
          concurrency: 1,
          build: 'other',
          measure: () => Promise.reject(new Error(nothing)),
          close: async () => void closed++,
        };
      },
    }).catch((error) => error);
    expect(analysis).toMatchObject({ message: nothing });
    expect(asked!.units.map(({ name }) => name)).toEqual([names[0]]);
    expect(asked!.settings).toMatchObject({ estimator: 'hill' });
    expect(reference).toEqual({ model, splitFused: false });
    expect(closed).toBe(1);
  });

  it('refuses a file that is written to after its last reading', async () => {
    const path = modelFile('changing.safetensors');
    const onProgress = ({ finished, count }: ModelProgress): void => {
      if (finished === count) modelFile('changing.safetensors', 2);
    };
    await expect(analyzeModel(path, { onProgress })).rejects.toThrow(
      /changing\.safetensors: it was changed while it was read; start again/,
    );
  });

  it.each([
    ['an estimator', { estimator: 'guess' }, 'NOT_FOUND'],
    ['an engine', { engine: 'guess' }, 'NOT_FOUND'],
    ['a metric', { metrics: ['guess'] }, 'NOT_FOUND'],
    ['windows', { farms: { rows: 1 } }, 'INVALID_OPTION'],
    ['a pattern', { include: ['guess'] }, 'INVALID_OPTION'],
    ['patterns that leave out all', { exclude: ['*'] }, 'INVALID_OPTION'],
  ])('refuses %s that is none', async (_, options, code) => {
    await expect(analyzeModel(model, options)).rejects.toMatchObject({ code });
  });
});

describe('a model that is cast', () => {
  const half = join(root, 'half.safetensors');
  const tensors = names.map((tensor, at) => {
    const values = Float32Array.from({ length: 480 }, (_, i) => Math.sin((i + at) ** 1.5));
    return { name: tensor, shape: [24, 20], dtype: 'F16', bytes: encodeValues(values, 'F16') };
  });
  writeFileSync(half, Buffer.concat(serializeSafetensors({ tensors: tensors as never })));

  it('is measured as the one that is stored in that type', async () => {
    const stored = await analyzeModel(half, { draws: 0 });
    const cast = await analyzeModel(model, { draws: 0, cast: 'float16' });
    expect(cast.matrices).toEqual(stored.matrices);
    expect(cast.matrices.every(({ status }) => status === 'ok')).toBe(true);
    expect(cast.options['cast']).toBe('float16');
    expect(stored.options).not.toHaveProperty('cast');
  });

  it('shares no spectrum in the cache with the one that is not, nor does the forecast', async () => {
    const cache = join(root, 'cache');
    const alphas = async (cast?: 'float16' | 'bfloat16') => {
      const { matrices } = await analyzeModel(model, { draws: 0, cache, ...(cast && { cast }) });
      return matrices.map((row) => row.status === 'ok' && row.alpha);
    };
    const known = async (cast?: 'float16' | 'bfloat16') => {
      const opened = await openModel(model, { ...(cast && { cast }) });
      const { matrices } = await forecastModel(opened, { cache });
      await opened.close();
      return matrices.map(({ cached }) => cached);
    };
    const runs = [await alphas(), await alphas('float16'), await alphas('bfloat16')];
    expect(new Set(runs.map(String)).size).toBe(3);
    expect([await alphas(), await alphas('float16'), await alphas('bfloat16')]).toEqual(runs);
    expect(await known()).toEqual([true, true, true]);
    expect(await known('float16')).toEqual([true, true, true]);
    const other = join(root, 'cold.safetensors');
    writeFileSync(other, readFileSync(model));
    await analyzeModel(other, { draws: 0, cache });
    const opened = await openModel(other, { cast: 'float16' });
    const { matrices } = await forecastModel(opened, { cache });
    await opened.close();
    expect(matrices.map(({ cached }) => cached)).toEqual([undefined, undefined, undefined]);
  });

  it('has a row that fails where a value would become infinite', async () => {
    const large = modelFile('large.safetensors', 1e5);
    const { matrices } = await analyzeModel(large, { draws: 0, cast: 'float16' });
    for (const row of matrices) {
      expect(row).toMatchObject({
        status: 'failed',
        reason: expect.stringMatching(/^cast to float16, its value \S+ becomes infinite/),
      });
    }
  });
});
