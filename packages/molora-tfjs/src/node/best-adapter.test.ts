/** Runs that keep their best weights, end early, get more steps, and learn by factors of their layers. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { type MetricsLine, parseMetrics } from '../training/metrics.js';
import { evaluateModel } from './evaluate-model.js';
import { type FineTuneOptions, fineTune } from './fine-tune.js';
import { loadAdapter } from './load-adapter.js';

const root = temporaryFolder('best');
const model = writeLanguageModel(join(root, 'model'));
const data = join(root, 'data');
const experts = [1, 2, 1];
const head = {
  ...{ schemaVersion: 1 as const, kind: 'allocation' as const },
  policy: { name: 'by hand', version: '1', options: {} },
};
const allocation: Allocation = {
  ...head,
  budget: { unit: 'experts', total: 4 },
  blocks: experts.map((count, index) => ({ index, score: 1, experts: count, topK: 1 })),
  experts,
  topK: [1, 1, 1],
};
const factors = (
  unit: 'learning-rate' | 'weight-decay' | 'bits',
  values: readonly number[],
): Allocation => ({
  ...head,
  budget: { unit },
  blocks: values.map((value, index) => ({ index, score: 1, value })),
  experts: [],
  topK: [],
});

const run = (name: string, options: Partial<FineTuneOptions> = {}) =>
  fineTune({
    ...{ model, task: 'text', data, allocation, targets: ['q_proj', 'v_proj'], output: at(name) },
    training: { steps: 24, learningRate: 0.03, schedule: 'constant', warmupSteps: 0 },
    ...options,
  } as FineTuneOptions);
const at = (name: string): string => join(root, name);
const summary = async (name: string) =>
  JSON.parse(await readFile(join(at(name), 'run.json'), 'utf8'));
const metrics = async (name: string): Promise<MetricsLine[]> =>
  parseMetrics(await readFile(join(at(name), 'metrics.jsonl'), 'utf8'));
/** Without what depends on the machine's speed. */
const numbers = async (name: string) =>
  (await metrics(name)).map(({ tokensPerSecond: _, ...line }) => line);
const weights = async (name: string) => (await loadAdapter(at(name))).state.tensors;

// What is trained on and what is validated on contradict each other: the loss falls, then rises.
beforeAll(async () => {
  await useBackend('wasm');
  await mkdir(data);
  const lines = (texts: string[]) => texts.map((text) => `${JSON.stringify({ text })}\n`).join('');
  const shared = ['the cat sat on the mat.', 'the dog sat on the log.'];
  await writeFile(join(data, 'train.jsonl'), lines(new Array(8).fill(shared).flat()));
  await writeFile(join(data, 'validation.jsonl'), lines(['12 the 34 cat 56.']));
});

describe('a run that keeps its best weights', () => {
  const options = { evaluateEvery: 2, earlyStopping: { patience: 3 }, checkpointEvery: 5 };

  it('ends when the loss falls no longer, and leaves the adapter of the lowest', async () => {
    const found = await run('early', options);
    const lines = await metrics('early');
    const losses = lines.flatMap(({ step, evaluation }) =>
      evaluation ? [{ step, loss: evaluation['loss']! }] : [],
    );
    const best = losses.reduce((least, one) => (one.loss < least.loss ? one : least));
    expect(found).toMatchObject({ stopped: 'early-stopping', best, steps: best.step + 6 });
    expect(lines).toHaveLength(best.step + 6);
    expect(best.step + 6).toBeLessThan(24);
    expect(await summary('early')).toEqual({
      ...{ step: best.step + 6, steps: 24, stopped: 'early-stopping' },
      ...{ adapterStep: best.step, best },
    });
    const measured = await evaluateModel({
      ...{ model, task: 'text', data, split: 'validation', adapter: at('early') },
    });
    expect(measured.loss).toBeCloseTo(best.loss, 5);
  });

  it('is the same when it is killed and resumed at any place, evaluations included', async () => {
    // Killed in step 8, which is begun again from the checkpoint of step 5.
    const killed = run('killed', {
      ...options,
      onStep: ({ step }) => {
        if (step === 7) throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    // Interrupted while it evaluates: the step is kept, and evaluated when it resumes.
    const abort = new AbortController();
    let evaluations = 0;
    const signal = new Proxy(abort.signal, {
      get(target, key) {
        if (key === 'throwIfAborted') {
          return () => {
            evaluations++;
            if (evaluations === 8) abort.abort(new Error('interrupted'));
            target.throwIfAborted();
          };
        }
        const value = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await expect(run('killed', { ...options, resume: true, signal })).rejects.toThrow(
      'interrupted',
    );
    expect(await summary('killed')).toMatchObject({ step: 10, stopped: 'interrupted' });
    expect((await metrics('killed')).at(-1)).not.toHaveProperty('evaluation');
    const again = await run('killed', { ...options, resume: true });
    expect(again.best).toEqual((await summary('early')).best);
    expect(await numbers('killed')).toEqual(await numbers('early'));
    for (const name of ['run.json', 'adapter_model.safetensors', 'training_state.safetensors'])
      expect(await readFile(join(at('killed'), name)), name).toEqual(
        await readFile(join(at('early'), name)),
      );
  });

  it('is over when it is resumed, unless its patience is larger', async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const before = await numbers('early');
    await run('early', { ...options, resume: true, onNote });
    expect(await numbers('early')).toEqual(before);
    expect(notes.at(-1)).toMatch(/stopped early, at step \d+ of 24; a larger patience/);
    await expect(run('early', { evaluateEvery: 2, resume: true })).rejects.toThrow(
      /keeps its best weights.*--keep-best/,
    );
    const other = { earlyStopping: { patience: 20 } };
    const whole = await run('early', { ...options, ...other, resume: true });
    expect(whole).toMatchObject({ stopped: 'all-steps', steps: 24 });
    await run('patient', { ...options, ...other });
    expect(await numbers('early')).toEqual(await numbers('patient'));
  });

  it.each([
    ['no evaluations', { earlyStopping: { patience: 3 } }, /--evaluate-every/],
    ['keeping without them', { keepBest: true }, /--evaluate-every/],
    ['no patience', { evaluateEvery: 1, earlyStopping: { patience: 0 } }, /patience .* is 0/],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(run('never', wrong)).rejects.toThrow(message);
  });
});

describe('a finished run', () => {
  it('gets more steps, and is then the one that had them from the start', async () => {
    const training = { learningRate: 0.03, schedule: 'constant' as const, warmupSteps: 2 };
    await run('long', { training: { ...training, steps: 12 } });
    await run('short', { training: { ...training, steps: 7 } });
    const notes: string[] = [];
    const longer = { resume: true, onNote: (note: string) => notes.push(note) };
    await run('short', { ...longer, training: { ...training, steps: 12 } });
    // Of warm-up steps, so that the order of the data alone might differ.
    expect(await numbers('short')).toEqual(await numbers('long'));
    expect(await weights('short')).toEqual(await weights('long'));
    expect(notes.at(-1)).toContain('12 steps in place of 7');
    await expect(
      run('short', { resume: true, training: { ...training, steps: 9 } }),
    ).rejects.toThrow(/steps was 12, is 9/);
  });

  it('keeps its warm-up, and tells what the schedule does', async () => {
    const training = { learningRate: 0.01, schedule: 'linear' as const };
    await run('linear', { training: { ...training, steps: 20 } });
    const notes: string[] = [];
    await run('linear', {
      ...{ resume: true, training: { ...training, steps: 38 } },
      onNote: (note) => notes.push(note),
    });
    // Warm-up of 2 steps: the last of 18 down to zero, then the 19th of 36.
    expect(notes.at(-1)).toContain(
      'of a run of 38 steps (linear): 0.000556 in step 20, 0.00500 in step 21',
    );
    const rates = (await metrics('linear')).map(({ learningRate }) => learningRate);
    expect(rates[19]).toBeCloseTo(0.01 / 18, 12);
    expect(rates[20]).toBeCloseTo(0.005, 12);
  });
});

describe('factors of the layers', () => {
  const training = { steps: 3, learningRate: 0.01, weightDecay: 0.5 };

  it('of the learning rate multiply it in their blocks', async () => {
    await run('doubled', { training, learningRates: factors('learning-rate', [2, 2, 2]) });
    await run('faster', { training: { ...training, learningRate: 0.02 } });
    expect(await weights('doubled')).toEqual(await weights('faster'));
    await run('frozen', { training, learningRates: factors('learning-rate', [1, 0, 1]) });
    const tensors = await weights('frozen');
    for (const [name, { values }] of Object.entries(tensors)) {
      if (!name.endsWith('lora_B')) continue;
      const moved = values.some((value) => value !== 0);
      expect(moved, name).toBe(!name.includes('layers.1.'));
    }
  });

  it('of the weight decay multiply it', async () => {
    await run('tripled', { training, weightDecays: factors('weight-decay', [3, 3, 3]) });
    await run('decayed', { training: { ...training, weightDecay: 1.5 } });
    expect(await weights('tripled')).toEqual(await weights('decayed'));
  });

  it('of one projection come before those of its block', async () => {
    const name = 'model.layers.1.self_attn.v_proj';
    const own: Allocation = {
      ...factors('learning-rate', [1, 1, 1]),
      projections: [{ name: `${name}.weight`, block: 1, inputs: 24, outputs: 12, value: 0 }],
    };
    await run('one', { training, learningRates: own });
    const tensors = await weights('one');
    const still = Object.keys(tensors).filter(
      (tensor) =>
        tensor.endsWith('lora_B') && tensors[tensor]!.values.every((value) => value === 0),
    );
    expect(still).toEqual([`${name}.lora_B`]);
  });

  it('are part of a run that resumes', async () => {
    await expect(
      run('frozen', { training: { ...training, steps: 5 }, resume: true }),
    ).rejects.toThrow(/learningRateFactor of .* was 1, is absent/);
  });

  it.each([
    ['of bits', { learningRates: factors('bits', [4, 4, 4]) }, /allocates bits/],
    ['of a larger model', { learningRates: factors('learning-rate', [1, 1, 1, 1]) }, /block 3/],
    [
      'of a smaller one',
      { learningRates: factors('learning-rate', [1, 1]) },
      /nothing for .*layers.2/,
    ],
    [
      'of no decay',
      { weightDecays: factors('weight-decay', [1, 1, 1]), training: { steps: 3 } },
      /--weight-decay/,
    ],
  ])('are refused %s', async (_, wrong, message) => {
    await expect(run('never', { training, ...wrong })).rejects.toThrow(message);
  });
});
