import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryBeside } from '@alphalora/checkpoint/node';
import { isAlphaLoraError } from '@alphalora/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdapterFiles } from '../adapters/files.js';
import type { StepReport } from '../training/callbacks.js';
import { trainingSettings } from '../training/settings.js';
import type { TrainingState } from '../training/training-state.js';
import { openRunFolder } from './run-folder.js';

let parent: string;
let path: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'alphalora-run-'));
  path = join(parent, 'deep', 'run');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const state = (step: number): TrainingState => ({
  step,
  settings: trainingSettings({ steps: 9 }, 5),
  data: { sequences: 5, fingerprint: '00000000' },
  tensors: { w: { shape: [2], values: Float32Array.of(step, -step) } },
  optimizer: { updates: {}, first: {}, second: {} },
  callbacks: {},
});
const report = (step: number): StepReport => ({
  step,
  steps: 9,
  epoch: step,
  loss: 1 / step,
  learningRate: 0.1,
  gradientNorm: 1,
  tokens: 8,
  targets: 8,
  tokensPerSecond: 1,
  secondsLeft: 1,
});
const adapter: AdapterFiles = { weights: [Buffer.from('ab'), Buffer.from('c')], config: '{"ä":1}' };
const steps = async (): Promise<number[]> => {
  const text = await readFile(join(path, 'metrics.jsonl'), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).step]));
};
const refused = (code: 'INVALID_OPTION' | 'INVALID_CHECKPOINT' | 'IO_FAILED') =>
  expect.toSatisfy((error) => isAlphaLoraError(error, code) && error.message.includes(path));

describe('the folder of a run', () => {
  it('keeps the state, the adapter and the metrics, and nothing else', async () => {
    const folder = await openRunFolder(path);
    expect(folder.state).toBeUndefined();
    for (const step of [1, 2]) await folder.record(report(step));
    await folder.save(state(2), adapter);
    await folder.close();
    expect((await readdir(path)).sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors'],
      ...['metrics.jsonl', 'training_state.safetensors'],
    ]);
    expect(await readFile(join(path, 'adapter_model.safetensors'), 'utf8')).toBe('abc');
    expect(await readFile(join(path, 'adapter_config.json'), 'utf8')).toBe('{"ä":1}');
    const again = await openRunFolder(path, { resume: true });
    expect(again.state).toEqual(state(2));
    await again.close();
    expect(await steps()).toEqual([1, 2]);
  });

  it('keeps an adapter that is not of a run', async () => {
    await mkdir(path, { recursive: true });
    const file = join(path, 'adapter_model.safetensors');
    await writeFile(file, 'downloaded');
    await expect(openRunFolder(path)).rejects.toEqual(refused('INVALID_OPTION'));
    expect(await readdir(path)).toEqual(['adapter_model.safetensors']);
    expect(await readFile(file, 'utf8')).toBe('downloaded');
    // A run that was killed between its adapter and its checkpoint.
    await (await openRunFolder(path, { resume: true })).close();
  });

  it('drops the metrics of steps after the checkpoint, and a torn line', async () => {
    const first = await openRunFolder(path);
    for (const step of [1, 2]) await first.record(report(step));
    await first.save(state(2));
    for (const step of [3, 4]) await first.record(report(step));
    await first.close();
    await writeFile(join(path, 'metrics.jsonl'), '{"step":5,"lo', { flag: 'a' });
    const second = await openRunFolder(path, { resume: true });
    expect(await steps()).toEqual([1, 2]);
    await second.record(report(3));
    await second.close();
    expect(await steps()).toEqual([1, 2, 3]);
  });

  it('begins anew where a run left no checkpoint', async () => {
    const first = await openRunFolder(path);
    await first.record(report(1));
    await first.close();
    const second = await openRunFolder(path, { resume: true });
    expect(second.state).toBeUndefined();
    await second.close();
    expect(await steps()).toEqual([]);
  });

  it('does not overwrite a run unless told to go on with it', async () => {
    const folder = await openRunFolder(path);
    await folder.record(report(1));
    await folder.save(state(1));
    await folder.close();
    await expect(openRunFolder(path)).rejects.toThrow(refused('INVALID_OPTION'));
    await expect(openRunFolder(path)).rejects.toThrow('at step 1 of 9: resume');
    expect(await steps()).toEqual([1]);
  });

  it('is written by one run at a time', async () => {
    const first = await openRunFolder(path);
    await first.record(report(1));
    await expect(openRunFolder(path, { resume: true })).rejects.toThrow(refused('INVALID_OPTION'));
    await first.record(report(2));
    await first.close();
    expect(await steps()).toEqual([1, 2]);
    await (await openRunFolder(path, { resume: true })).close();
  });

  it('says which file is damaged, and leaves it', async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'training_state.safetensors'), 'no state');
    await expect(openRunFolder(path, { resume: true })).rejects.toThrow(
      refused('INVALID_CHECKPOINT'),
    );
    expect(await readdir(path)).toEqual(['training_state.safetensors']);
  });

  it('removes what a killed process left of a file', async () => {
    const killed = spawnSync(process.execPath, ['--version']).pid;
    await mkdir(path, { recursive: true });
    // Named as ours are, by this machine and a process that is no more.
    const left = temporaryBeside(join(path, 'x')).replace(`-${process.pid}-`, `-${killed}-`);
    await writeFile(left, 'half of a file');
    const folder = await openRunFolder(path, { resume: true });
    await folder.save(state(1));
    await folder.close();
    expect((await readdir(path)).sort()).toEqual(['metrics.jsonl', 'training_state.safetensors']);
  });

  it('keeps the old checkpoint when a new one cannot be written', async () => {
    const folder = await openRunFolder(path);
    await folder.save(state(1), adapter);
    await rm(join(path, 'adapter_config.json'));
    await mkdir(join(path, 'adapter_config.json'));
    await expect(folder.save(state(2), adapter)).rejects.toThrow(refused('IO_FAILED'));
    await folder.close();
    const again = await openRunFolder(path, { resume: true });
    expect(again.state!.step).toBe(1);
    await again.close();
  });

  it('says so where it cannot be', async () => {
    await writeFile(join(parent, 'deep'), 'a file');
    await expect(openRunFolder(path)).rejects.toThrow(refused('IO_FAILED'));
  });
});
