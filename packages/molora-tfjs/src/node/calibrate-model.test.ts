/** Runs over data on disk: which examples they see, and what is kept of those that are interrupted. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { type CalibrateModelOptions, calibrateModel } from './calibrate-model.js';

const root = temporaryFolder('calibrate');
const model = writeLanguageModel(join(root, 'model'));
const data = join(root, 'data.jsonl');
const tool = { name: 'test', version: '1' };

beforeAll(async () => {
  await useBackend('cpu');
  const lines = Array.from({ length: 20 }, (_, i) =>
    JSON.stringify({ text: `the cat sat on mat ${i}.` }),
  );
  await writeFile(data, `${lines.join('\n')}\n`);
});

const calibrated = (options: Partial<CalibrateModelOptions> = {}) =>
  calibrateModel({
    ...{ model, task: 'text', data, tool, batches: 4, batchSize: 3 },
    ...{ measures: ['gradient', 'activation'], ...options },
  });

describe('calibrateModel', () => {
  it('gives means and standard errors over batches, and leaves nothing in memory', async () => {
    const before = tf.memory().numTensors;
    const reports: unknown[] = [];
    const scores = await calibrated({ onBatch: (report) => reports.push(report.done) });
    expect(tf.memory().numTensors).toBe(before);
    expect(reports).toEqual([0, 1, 2, 3, 4]);
    expect(scores).toMatchObject({
      ...{ kind: 'scores', tool, model: { source: model }, measure: 'gradient' },
      data: { task: 'text', examples: 12, batches: 4 },
    });
    expect(scores.scores).toHaveLength(21);
    const [first] = scores.scores;
    expect(first).toMatchObject({ name: 'model.layers.0.self_attn.q_proj.weight', block: 0 });
    expect(first!.score).toBe(first!.measures['gradient']!.mean);

    // Of the batches one by one, which smaller runs of the same seed see as well.
    const one = await calibrated({ batches: 1 });
    const two = await calibrated({ batches: 2 });
    const a = one.scores[0]!.score;
    const b = 2 * two.scores[0]!.score - a;
    expect(one.scores[0]).not.toHaveProperty('stderr');
    expect(two.scores[0]!.stderr! / (Math.abs(a - b) / 2)).toBeCloseTo(1, 6);
  });

  it('sees other examples under another seed', async () => {
    const [zero, one] = [await calibrated(), await calibrated({ seed: 1 })];
    expect(one.scores[0]!.score).not.toBe(zero.scores[0]!.score);
  });

  it('continues an interrupted run to the same scores', async () => {
    const progressFile = join(root, 'run.partial');
    const controller = new AbortController();
    const interrupted = calibrated({
      progressFile,
      signal: controller.signal,
      onBatch: ({ done }) => void (done === 2 && controller.abort(new Error('enough'))),
    });
    await expect(interrupted).rejects.toThrow('enough');
    expect(JSON.parse(readFileSync(progressFile, 'utf8')).batches).toHaveLength(2);
    await expect(calibrated({ progressFile })).rejects.toThrow(/resume it, or delete the file/);
    for (const other of [{ seed: 1 }, { batchSize: 2 }, { rank: 4 }]) {
      await expect(calibrated({ progressFile, resume: true, ...other })).rejects.toThrow(
        /another model, other data or other options/,
      );
    }
    const seen: number[] = [];
    const resumed = await calibrated({
      ...{ progressFile, resume: true },
      onBatch: ({ done }) => seen.push(done),
    });
    expect(seen).toEqual([2, 3, 4]);
    expect(resumed).toEqual(await calibrated());
    expect(existsSync(progressFile)).toBe(false);
  });

  it.each([
    ['an unknown measure', { measures: ['alpha' as 'gradient'] }, /unknown measure "alpha"/],
    ['no measure', { measures: [] }, /no measure: choose from gradient/],
    ['a score that is not measured', { measure: 'fisher' as const }, /not among the measures/],
  ])('refuses %s', async (_, options, message) => {
    await expect(calibrated(options)).rejects.toThrow(message);
  });

  it.each(['', '{', '[]', 'null', '{"run":{},"batches":[]}'])(
    'refuses to resume from a file that holds %j',
    async (text) => {
      const progressFile = join(root, 'damaged.partial');
      await writeFile(progressFile, text);
      await expect(calibrated({ progressFile, resume: true })).rejects.toThrow(/is of a run with/);
    },
  );
});
