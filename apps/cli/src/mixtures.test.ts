/** A mixture of experts through the commands: adapters on attention and on experts, learned, used and merged. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { beforeAll, expect, it } from 'vitest';

const root = temporaryFolder('mixtures');
const { alphalora } = programIn(root);
const model = writeLanguageModel(join(root, 'model'), { experts: 4 });
const data = join(root, 'data.jsonl');
const task = ['--task', 'text', '--data', data, '--backend', 'wasm'];

async function run(...args: string[]) {
  const done = await alphalora(...args);
  expect(done.code, done.stderr).toBe(0);
  return done;
}

beforeAll(() => {
  // The same sentence again and again can be learned in a few steps.
  const line = JSON.stringify({ text: 'the cat sat on the mat.' });
  writeFileSync(data, `${new Array(16).fill(line).join('\n')}\n`);
});

const lossOf = async (source: string, ...more: string[]): Promise<number> =>
  JSON.parse((await run('evaluate', source, ...task, '--json', ...more)).stdout).loss;

it('ranks by allocate are trained on experts, as the checkpoint names them, and merged', async () => {
  const allocation = join(root, 'ranks.json');
  await run(
    'allocate',
    model,
    '--unit',
    'rank',
    '--per',
    'projection',
    '--total',
    '320',
    '-o',
    allocation,
  );
  const { projections } = JSON.parse(readFileSync(allocation, 'utf8'));
  expect(projections).toHaveLength(3 * (4 + 4 * 3));
  const adapter = join(root, 'adapter');
  const settings = ['--steps', '25', '--learning-rate', '0.01'];
  await run('train', model, '--allocation', allocation, ...task, ...settings, '-o', adapter);
  const config = JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8'));
  expect(JSON.stringify(config)).toContain('model.layers.2.block_sparse_moe.experts.3.w2');
  expect(JSON.stringify(config)).not.toContain('block_sparse_moe.gate');

  const before = await lossOf(model);
  const after = await lossOf(model, '--adapter', adapter);
  expect(after).toBeLessThan(before - 1);
  const merged = join(root, 'merged');
  await run('adapter', 'merge', model, adapter, '-o', merged);
  expect(Math.abs((await lossOf(merged)) - after)).toBeLessThan(1e-4);
});

it('several LoRAs on each expert learn, with a router of their own', async () => {
  const allocation = join(root, 'experts.json');
  await run('allocate', model, '--total', '6', '-o', allocation);
  const adapter = join(root, 'mixture');
  const settings = [
    '--steps',
    '15',
    '--learning-rate',
    '0.01',
    '--router-loss',
    'load-balance=0.01',
  ];
  await run('train', model, '--allocation', allocation, ...task, ...settings, '-o', adapter);
  const told = await run(
    ...['generate', model, '--adapter', adapter, '--prompt', 'the cat', '--max-tokens', '4'],
    ...['--backend', 'wasm', '--json'],
  );
  expect(JSON.parse(told.stdout).text).toMatch(/^the cat.{4}$/s);
  expect(await lossOf(model, '--adapter', adapter)).toBeLessThan((await lossOf(model)) - 0.5);
});

it('ranks grow by the experts of the model, and the files say which each has', async () => {
  const allocation = join(root, 'one-each.json');
  await run('allocate', model, '--total', '3', '--policy', 'uniform', '-o', allocation);
  const adapter = join(root, 'grown');
  const argv = ['train', model, '--allocation', allocation, ...task, '--targets', 'w2', 'w3'];
  const growth = ['--dynamic-rank', '1:2:4', '--growth-interval', '3'];
  const settings = ['--steps', '24', '--learning-rate', '0.01'];
  const told = await run(...argv, ...growth, ...settings, '-o', adapter);
  expect(told.stderr).not.toContain('transfer of DR-LoRA');
  const config = JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8'));
  expect(config.peft_type).toBe('LORA');
  const { projections } = config.molora;
  expect(projections).toHaveLength(3 * 4 * 2);
  for (const { name, ranks, scalings } of projections) {
    // Twice the largest rank by the largest rank. The patterns are as PEFT matches them.
    expect(scalings).toEqual([2]);
    const read = (pattern: object, value: number): number =>
      Object.entries(pattern).find(([key]) => new RegExp(`^(.*\\.)?(${key})$`).test(name))?.[1] ??
      value;
    const rank = read(config.rank_pattern, config.r);
    const alpha = read(config.alpha_pattern, config.lora_alpha);
    expect([rank, alpha]).toEqual([ranks[0], 2 * ranks[0]]);
  }
  for (const block of [0, 1, 2]) {
    const own = projections.filter((projection: { block: number }) => projection.block === block);
    const ranks = own.map(({ ranks }: { ranks: number[] }) => ranks[0]!);
    expect(ranks.reduce((sum: number, rank: number) => sum + rank)).toBe(2 * 4 * 2);
    expect(new Set(ranks).size).toBeGreaterThan(1);
  }
  expect(await lossOf(model, '--adapter', adapter)).toBeLessThan((await lossOf(model)) - 0.5);
});

it('calibrate measures experts, by names that allocate takes', async () => {
  const scores = join(root, 'scores.json');
  const { stderr } = await run('calibrate', model, ...task, '-o', scores);
  expect(stderr).toContain('activation and explained-variance left out');
  const { stdout } = await run(
    ...['allocate', model, '--scores', scores, '--per', 'projection', '--unit', 'rank', '--json'],
  );
  expect(JSON.parse(stdout).projections).toHaveLength(3 * (4 + 4 * 3));
});
