/** Whole runs over a tiny model: what they leave in the folder, and what is left of them in memory. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { parseMetrics } from '../training/metrics.js';
import { evaluateModel } from './evaluate-model.js';
import { type FineTuneOptions, fineTune } from './fine-tune.js';
import { loadAdapter } from './load-adapter.js';

const root = temporaryFolder('fine-tune');
const model = writeLanguageModel(join(root, 'model'));
const data = join(root, 'data.jsonl');
const source = { model, task: 'text', data };
const experts = [1, 2, 3];
const allocation: Allocation = {
  schemaVersion: 1,
  kind: 'allocation',
  policy: { name: 'by hand', version: '1', options: {} },
  budget: { unit: 'experts', total: 6 },
  blocks: experts.map((count, index) => ({ index, score: 1, experts: count, topK: 1 })),
  experts,
  topK: [1, 1, 1],
};
const training = { steps: 12, learningRate: 1e-2 };

beforeAll(async () => {
  await useBackend(inject('backend'));
  const line = JSON.stringify({ text: 'the cat sat on the mat.' });
  await writeFile(data, `${new Array(16).fill(line).join('\n')}\n`);
});

const run = (options: Partial<FineTuneOptions> & { output: string }) =>
  fineTune({ ...source, allocation, training, ...options } as FineTuneOptions);

describe('fineTune', () => {
  const output = join(root, 'adapter');
  const lossWith = async (adapter?: string) =>
    (await evaluateModel({ ...source, ...(adapter && { adapter }) })).loss;

  it('leaves an adapter that has learned, and nothing in memory', async () => {
    const before = tf.memory().numTensors;
    const steps: number[] = [];
    const starts: unknown[] = [];
    const found = await run({
      output,
      targets: ['q_proj', 'v_proj'],
      onStart: (start) => starts.push(start),
      onStep: ({ step }) => steps.push(step),
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(starts).toEqual([{ done: 0, steps: 12 }]);
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    // Rank 8: 24 inputs, 24 or 12 outputs, and a router of 24 inputs where there are several experts.
    const trainable = 6 * 8 * (24 + 24 + 24 + 12) + 2 * 24 * (2 + 3);
    expect(found).toMatchObject({ steps: 12, examples: 16, trainable });
    const { state, base } = await loadAdapter(output);
    expect(base).toBe(model);
    expect(state.spec.projections.map(({ ranks }) => ranks.length)).toEqual([1, 1, 2, 2, 3, 3]);
    const lines = parseMetrics(await readFile(join(output, 'metrics.jsonl'), 'utf8'));
    expect([lines[0]!.loss, lines.at(-1)!.loss]).toEqual([found.firstLoss, found.lastLoss]);
    expect(await lossWith(output)).toBeLessThan((await lossWith()) - 0.1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('resumes an ended run to the files of one that was never ended', async () => {
    const ended = join(root, 'ended');
    const controller = new AbortController();
    const options = { output: ended, targets: ['q_proj', 'v_proj'] };
    const first = run({
      ...options,
      signal: controller.signal,
      onStep: ({ step }) => step === 5 && controller.abort(new Error('enough')),
    });
    await expect(first).rejects.toThrow('enough');
    await expect(run(options)).rejects.toThrow(/resume it/);
    const starts: unknown[] = [];
    const onStart = (start: unknown) => starts.push(start);
    const fewer = run({ ...options, resume: true, onStart, training: { ...training, steps: 11 } });
    await expect(fewer).rejects.toThrow(/steps was 12, is 11/);
    expect(starts).toEqual([]);
    const resumed = await run({ ...options, resume: true, onStart });
    const [line] = parseMetrics(await readFile(join(output, 'metrics.jsonl'), 'utf8'));
    expect(resumed.firstLoss).toBe(line!.loss);
    expect(starts).toEqual([{ done: 5, steps: 12 }]);
    for (const name of (await readdir(output)).filter((name) => name !== 'metrics.jsonl'))
      expect(await readFile(join(ended, name)), name).toEqual(await readFile(join(output, name)));
    const scaled = run({ ...options, alpha: 4, resume: true });
    await expect(scaled).rejects.toThrow(/scalings.*not those that the options give/);
  });

  it('resumes ranks that grow on the experts of a mixture', async () => {
    const mixture = writeLanguageModel(join(root, 'mixture'), { experts: 4 });
    const one: Allocation = {
      ...{ ...allocation, experts: [1, 1, 1] },
      blocks: experts.map((_, index) => ({ index, score: 1, experts: 1, topK: 1 })),
    };
    const notes: string[] = [];
    const growing = {
      ...{ model: mixture, allocation: one, targets: ['w2', 'w3'] },
      dynamicRank: { initial: 1, target: 2, max: 4, interval: 3 },
      onNote: (note: string) => notes.push(note),
    };
    const [straight, ended] = [join(root, 'straight'), join(root, 'ended-growing')];
    await run({ ...growing, output: straight });
    const controller = new AbortController();
    const first = run({
      ...{ ...growing, output: ended, signal: controller.signal },
      onStep: ({ step }) => step === 3 && controller.abort(new Error('enough')),
    });
    await expect(first).rejects.toThrow('enough');
    const ranksIn = async (folder: string) =>
      (await loadAdapter(folder)).state.spec.projections.map(({ ranks }) => ranks[0]!);
    const halfway = await ranksIn(ended);
    await run({ ...growing, output: ended, resume: true });
    for (const name of (await readdir(straight)).filter((name) => name !== 'metrics.jsonl'))
      expect(await readFile(join(ended, name)), name).toEqual(await readFile(join(straight, name)));
    const ranks = await ranksIn(straight);
    const sum = (values: number[]) => values.reduce((a, b) => a + b);
    // Three blocks of four experts, with two projections each: twelve steps have room for three events.
    expect(sum(ranks)).toBe(2 * 3 * 4 * 2);
    expect(sum(halfway)).toBeLessThan(sum(ranks));
    expect(notes.join('\n')).not.toContain('transfer');
  });

  it('trains a gate over adapters that were trained before', async () => {
    const single = { ...allocation, experts: [1, 1, 1] };
    const one: Allocation = {
      ...single,
      blocks: single.blocks.map((block) => ({ ...block, experts: 1 })),
    };
    const folders = ['first', 'second'].map((name) => join(root, name));
    for (const [seed, folder] of folders.entries())
      await run({ output: folder, allocation: one, training: { ...training, seed } });
    const gated = join(root, 'gated');
    await fineTune({ ...source, experts: folders, training, output: gated });
    const [mixture, first] = await Promise.all([loadAdapter(gated), loadAdapter(folders[0]!)]);
    expect(mixture.state.spec.router.name).toBe('mole');
    const name = first.state.spec.projections[0]!.name;
    const packed = mixture.state.tensors[`${name}.lora_B`]!.values;
    const own = first.state.tensors[`${name}.lora_B`]!.values;
    expect(packed.subarray(0, own.length)).toEqual(own);
  });

  it('trains on an adapter from where it stands', async () => {
    const begun = join(root, 'begun');
    await run({ output: begun, dropout: 0, targets: ['q_proj'] });
    const further = join(root, 'further');
    const found = await fineTune({ ...source, from: begun, training, output: further });
    // The same 16 examples in every step, and no dropout.
    const { loss } = await evaluateModel({ ...source, split: 'train', adapter: begun });
    expect(found.firstLoss!).toBeCloseTo(loss, 5);
    expect(found.lastLoss!).toBeLessThan(found.firstLoss!);
    const [before, after] = await Promise.all([loadAdapter(begun), loadAdapter(further)]);
    expect(after.state.spec).toEqual(before.state.spec);
    // The first adapter is as it was.
    expect((await evaluateModel({ ...source, split: 'train', adapter: begun })).loss).toBe(loss);

    const resumed = await fineTune({
      ...{ ...source, from: begun, training, output: further, resume: true },
    });
    expect(resumed.firstLoss).toBeUndefined();
    const other = join(root, 'other');
    const wrong = { ...source, from: begun, training, output: other };
    await expect(fineTune({ ...wrong, router: { name: 'soft' } })).rejects.toThrow(
      /keeps its own router/,
    );
    expect(existsSync(other)).toBe(false);
  });

  it('measures the loss on the validation split, and tells what was cut', async () => {
    const notes: string[] = [];
    const measured = join(root, 'measured');
    await run({
      output: measured,
      cutoff: 10,
      evaluateEvery: 6,
      onNote: (note) => notes.push(note),
    });
    const lines = parseMetrics(await readFile(join(measured, 'metrics.jsonl'), 'utf8'));
    expect(lines.filter(({ evaluation }) => evaluation).map(({ step }) => step)).toEqual([6, 12]);
    expect(notes).toEqual([
      expect.stringContaining('1 of 16 examples are held out of training'),
      '15 of 15 examples are longer than 10 tokens and were cut',
      expect.stringMatching(/^the routers of 14 of 21 projections select 1 of several experts/),
    ]);
  });

  it.each([
    ['neither allocation nor experts', { allocation: undefined }, /give one of: an allocation/],
    ['both', { experts: ['a', 'b'] }, /give one of: an allocation/],
    ['an unknown router', { router: { name: 'dice' } }, /unknown router "dice"/],
    ['an unknown loss', { routerLoss: { name: 'luck', coefficient: 1 } }, /unknown router loss/],
    ['an unknown task', { task: 'chess' }, /unknown task "chess"/],
    ['data that is not there', { data: join(root, 'none') }, /does not exist/],
    ['a target that is not there', { targets: ['c_attn'] }, /no projection with the role "c_attn"/],
  ])('refuses %s, and writes nothing', async (_, options, message) => {
    const never = join(root, 'never');
    const { numTensors } = tf.memory();
    const refused = run({ output: never, ...options } as Parameters<typeof run>[0]);
    await expect(refused).rejects.toThrow(message);
    expect(existsSync(never)).toBe(false);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('says what a folder without a tokenizer lacks', async () => {
    const bare = join(root, 'bare');
    writeLanguageModel(bare);
    await rm(join(bare, 'tokenizer.json'));
    const refused = run({ output: join(root, 'never'), model: bare });
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_CHECKPOINT',
      message: expect.stringContaining('no tokenizer.json'),
    });
  });
});

describe('evaluateModel', () => {
  it('gives the perplexity where only the loss counts', async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const found = await evaluateModel({ ...source, split: 'train', limit: 4, onNote });
    expect(found).toMatchObject({ task: 'text', metric: 'perplexity', examples: 4 });
    expect(found.value).toBeCloseTo(Math.exp(found.loss), 6);
    expect(found).not.toHaveProperty('split');
    expect(notes).toEqual([
      expect.stringContaining('is one file, scored as a whole: the split train'),
    ]);
    // Random weights know no text.
    expect(found.warning).toMatch(/no lower than at chance/);
  });

  it('scores validation where a benchmark publishes no answers to its test, and says so', async () => {
    const folder = join(root, 'cola');
    await mkdir(folder);
    await writeFile(join(folder, 'dev.tsv'), 's\t1\t\tthe cat sat.\n');
    await writeFile(join(folder, 'test.tsv'), 'index\tsentence\n0\tthe cat sat.\n');
    const wide = writeLanguageModel(join(root, 'wide'), { positions: 512 });
    const cola = { model: wide, task: 'cola', data: folder, cutoff: 512 };
    const notes: string[] = [];
    const note = 'cola publishes no answers to its test split: scored on validation';
    const { split, examples } = await evaluateModel({
      ...cola,
      onNote: (text) => notes.push(text),
    });
    expect([split, examples]).toEqual(['validation', 1]);
    expect(notes).toContain(note);
    const chosen: string[] = [];
    await evaluateModel({ ...cola, split: 'validation', onNote: (text) => chosen.push(text) });
    expect(chosen).not.toContain(note);
  });

  it("scores by likelihood where there are options, with a task of one's own", async () => {
    const options = ['cat', 'dog'].map((label) => ({ label, completion: label }));
    const example = { prompt: 'the ', completion: 'cat', answer: 'cat', options };
    const seen: unknown[] = [];
    const task = {
      name: 'pets',
      summary: 'which pet',
      files: {},
      parse: () => [example, example],
      score: (outputs: readonly string[]) => {
        seen.push(...outputs);
        return { metric: 'accuracy', value: 0.5, others: { lives: 9 }, unanswered: 0 };
      },
    };
    const found = await evaluateModel({ model, task, data });
    expect(found).toMatchObject({
      task: 'pets',
      metric: 'accuracy',
      scoring: 'likelihood',
      cut: 0,
    });
    expect(found).toMatchObject({ value: 0.5, examples: 2 });
    expect(found.others).toEqual({ lives: 9, normalized: 0.5 });
    // By their sums, and by character, as the options are texts.
    expect(seen).toHaveLength(4);
    for (const output of seen) expect(['cat', 'dog']).toContain(output);
    const generated = await evaluateModel({
      model,
      task,
      data,
      scoring: 'generation',
      maxTokens: 3,
    });
    expect(generated.scoring).toBe('generation');
  });
});
