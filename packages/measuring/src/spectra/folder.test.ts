/** What `analyzeModel` leaves in the folder of its option `spectra`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { type AnalyzeModelOptions, analyzeModel } from '../analyze-model.js';
import type { SpectraIndex } from './folder.js';

const root = temporaryFolder('spectra');
const names = [0, 1, 2].map((block) => `model.layers.${block}.self_attn.q_proj.weight`);

/** Diagonal matrices, whose eigenvalues are the squares of what is on it; the last of rank 7 of 8. */
function modelFile(name: string, scale = 1): string {
  const tensors = names.map((tensor, block) => {
    const values = new Float32Array(80);
    for (let i = 0; i < 8; i++) values[i * 10 + i] = block === 2 && i === 0 ? 0 : scale * (i + 1);
    return { name: tensor, shape: [8, 10], dtype: 'F32', bytes: encodeValues(values, 'F32') };
  });
  const path = join(root, name);
  writeFileSync(path, Buffer.concat(serializeSafetensors({ tensors: tensors as never })));
  return path;
}
const model = modelFile('model.safetensors');
const squares = (from: number): number[] =>
  Array.from({ length: 9 - from }, (_, i) => (from + i) ** 2);

const options = { estimator: 'hill', tailShare: 0.5, draws: 0 } satisfies AnalyzeModelOptions;

function freshFolder(name: string): string {
  const folder = join(root, name);
  rmSync(folder, { recursive: true, force: true });
  return folder;
}

/** By format 1.0 of numpy: ten bytes, a header, and the values. */
function valuesOf(path: string): number[] {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  expect(start % 64).toBe(0);
  return Array.from({ length: (bytes.length - start) / 8 }, (_, i) =>
    bytes.readDoubleLE(start + 8 * i),
  );
}

function indexOf(folder: string, name = 'spectra.json'): SpectraIndex {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

const files = names.map((name) => `${name}.npy`);

describe('saved spectra', () => {
  it('are the eigenvalues of each matrix, with an index', async () => {
    const spectra = freshFolder('plain');
    const analysis = await analyzeModel(model, { ...options, spectra });
    expect(readdirSync(spectra).sort()).toEqual([...files, 'spectra.json']);
    for (const [block, file] of files.entries()) {
      const expected = squares(block === 2 ? 2 : 1);
      const values = valuesOf(join(spectra, file));
      expect(values).toHaveLength(expected.length);
      for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 4);
    }
    expect(indexOf(spectra)).toEqual({
      kind: 'spectra',
      ...{ tool: analysis.tool, model: analysis.model, options: analysis.options, complete: true },
      spectra: names.map((name, i) => ({
        ...{ name, file: files[i] },
        ...(i === 2 ? { eigenvalues: 7, zeros: 1 } : { eigenvalues: 8, zeros: 0 }),
      })),
    });
  });

  it('are the same from the cache and in shards', async () => {
    const [first, again, shards] = ['a', 'b', 'c'].map(freshFolder) as [string, string, string];
    const cache = freshFolder('cache');
    await analyzeModel(model, { ...options, spectra: first, cache });
    await analyzeModel(model, { ...options, spectra: again, cache });
    for (const index of [1, 2]) {
      await analyzeModel(model, { ...options, spectra: shards, shard: { index, count: 2 } });
    }
    for (const file of files) {
      const bytes = readFileSync(join(first, file));
      expect(readFileSync(join(again, file)).equals(bytes)).toBe(true);
      expect(readFileSync(join(shards, file)).equals(bytes)).toBe(true);
    }
    const parts = [1, 2].flatMap((i) => indexOf(shards, `spectra-${i}-of-2.json`).spectra);
    expect(parts.map(({ name }) => name).sort()).toEqual(names);
    expect(readdirSync(shards)).toHaveLength(5);
  });

  it('replace those of an earlier run on the same model, and none that it does not measure now', async () => {
    const spectra = freshFolder('again');
    const changing = modelFile('changing.safetensors');
    await analyzeModel(changing, { ...options, spectra });
    writeFileSync(join(spectra, 'notes.txt'), 'mine');
    modelFile('changing.safetensors', 2);
    await analyzeModel(changing, { ...options, spectra, include: ['*.0.*'] });
    expect(readdirSync(spectra).sort()).toEqual([files[0], 'notes.txt', 'spectra.json']);
    expect(valuesOf(join(spectra, files[0]!))[7]).toBeCloseTo(256, 3);
  });

  it('do not replace what is not theirs', async () => {
    const refused = (spectra: string, source = model) =>
      expect(analyzeModel(source, { ...options, spectra })).rejects;
    const mine = freshFolder('mine');
    mkdirSync(mine);
    writeFileSync(join(mine, files[1]!.toUpperCase().replace('.NPY', '.npy')), 'mine');
    await refused(mine).toThrow(/q_proj.weight.npy in it was not written by this command; name an/);
    expect(readdirSync(mine)).toHaveLength(1);
    const named = freshFolder('named');
    mkdirSync(named);
    writeFileSync(join(named, 'spectra.json'), '{"kind":"spectra","model":{"source":"x"}}');
    await refused(named).toThrow(/spectra.json in it is no index of spectra/);
    const outside = { file: '../x.npy', name: 'x' };
    const index = { kind: 'spectra', model: { source: model }, spectra: [outside] };
    writeFileSync(join(named, 'spectra.json'), JSON.stringify(index));
    await refused(named).toThrow(/spectra.json in it is no index of spectra/);
    const other = freshFolder('other');
    await analyzeModel(model, { ...options, spectra: other });
    await refused(other, modelFile('other.safetensors')).toThrow(
      /spectra.json in it is about .*model/,
    );
    await refused(model).toMatchObject({ code: 'IO_FAILED' });
  });

  it('are marked as incomplete where the run was stopped, and can be made again', async () => {
    const spectra = freshFolder('stopped');
    const stop = new AbortController();
    const onProgress = ({ finished }: { finished: number }): void => {
      if (finished === 1) stop.abort(new Error('enough'));
    };
    await expect(
      analyzeModel(model, { ...options, spectra, onProgress, signal: stop.signal }),
    ).rejects.toThrow('enough');
    expect(indexOf(spectra)).toMatchObject({ complete: false, model: { source: model } });
    await analyzeModel(model, { ...options, spectra });
    expect(indexOf(spectra)).toMatchObject({ complete: true });
  });

  it('are refused where others measure', async () => {
    const pipeline = async (): Promise<never> => {
      throw new Error('not reached');
    };
    await expect(
      analyzeModel(model, { ...options, spectra: freshFolder('queue'), pipeline }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
