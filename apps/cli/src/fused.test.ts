/** A model with fused projections through the commands: one adapter on each, learned, used and merged. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { beforeAll, expect, it } from 'vitest';

const root = temporaryFolder('fused');
const { alphalora } = programIn(root);
const model = writeLanguageModel(join(root, 'model'), { fused: true });
const data = join(root, 'data.jsonl');
const task = ['--task', 'text', '--data', data, '--backend', 'wasm'];
const settings = ['--steps', '25', '--learning-rate', '0.01'];
const ranks = ['--unit', 'rank', '--per', 'projection', '--total', '48'];

async function run(...args: string[]) {
  const done = await alphalora(...args);
  expect(done.code, done.stderr).toBe(0);
  return done;
}

const read = (...path: string[]) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

const lossOf = async (source: string, ...more: string[]): Promise<number> =>
  JSON.parse((await run('evaluate', source, ...task, '--json', ...more)).stdout).loss;

beforeAll(() => {
  // The same sentence again and again can be learned in a few steps.
  const line = JSON.stringify({ text: 'the cat sat on the mat.' });
  writeFileSync(data, `${new Array(16).fill(line).join('\n')}\n`);
});

// Scored as a whole, or by the mean of its parts, a projection is one map, with one adapter.
it.each([
  ['whole', []],
  ['split', ['--split-fused']],
])('ranks by allocate of %s projections are trained, and merged', async (name, split) => {
  const allocation = join(root, `${name}.json`);
  await run('allocate', model, ...ranks, ...split, '-o', allocation);
  const modules = ['self_attn.qkv_proj', 'self_attn.o_proj', 'mlp.gate_up_proj', 'mlp.down_proj'];
  const names = [0, 1, 2].flatMap((block) =>
    modules.map((module) => `model.layers.${block}.${module}.weight`),
  );
  const { projections } = read(`${name}.json`);
  expect(projections.map(({ name }: { name: string }) => name).toSorted()).toEqual(
    names.toSorted(),
  );
  const adapter = join(root, `${name}-adapter`);
  await run('train', model, '--allocation', allocation, ...task, ...settings, '-o', adapter);
  expect(JSON.stringify(read(`${name}-adapter`, 'adapter_config.json'))).toContain('qkv_proj');

  const before = await lossOf(model);
  const after = await lossOf(model, '--adapter', adapter);
  expect(after).toBeLessThan(before - 1);
  const merged = join(root, `${name}-merged`);
  await run('adapter', 'merge', model, adapter, '-o', merged);
  expect(Math.abs((await lossOf(merged)) - after)).toBeLessThan(1e-4);
});

it('experts by allocate are trained on whole projections', async () => {
  const allocation = join(root, 'experts.json');
  await run('allocate', model, '--total', '6', '-o', allocation);
  const adapter = join(root, 'mixture');
  await run('train', model, '--allocation', allocation, ...task, ...settings, '-o', adapter);
  expect(await lossOf(model, '--adapter', adapter)).toBeLessThan((await lossOf(model)) - 1);
});
