/** Commands survive being killed at any moment; `ALPHALORA_KILLS` says how often (default: a handful). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { seededRandom } from '@alphalora/contracts/numbers';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { demoModel } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { KILLS, surviveKills } from './test-support/kills.js';

const root = temporaryFolder('killed');
const program = programIn(root);
/** Milliseconds; a kill and the run after it take a few seconds on a busy machine. */
const patience = 120_000 + KILLS * 20_000;

async function done(...args: string[]): Promise<void> {
  const { code, stderr } = await program.alphalora(...args);
  expect(code, stderr).toBe(0);
}

/** Documents but for how long it took. */
const withoutTimings = (name: string, content: Buffer): unknown =>
  name.endsWith('.json') ? content.toString().replace(/\n *"timings":.*/, '') : content;

it(`analyze, with threads and a cache, ${KILLS} times`, { timeout: patience }, async () => {
  // Enough work for threads of their own.
  const [blocks, size] = [10, 640];
  const random = seededRandom(1, 'model');
  const tensors = Array.from({ length: blocks }, (_, block) => {
    const values = Float32Array.from({ length: size * size }, () => random() - 0.5);
    const name = `model.layers.${block}.self_attn.q_proj.weight`;
    return { name, shape: [size, size], dtype: 'F32', bytes: encodeValues(values, 'F32') } as const;
  });
  const model = join(root, 'model.safetensors');
  writeFileSync(model, Buffer.concat(serializeSafetensors({ tensors })));
  const kills = await surviveKills(program, join(root, 'analyze'), {
    args: (results) => ['analyze', model, '--jobs', '2', '-o', join(results, 'analysis.json')],
    normalized: withoutTimings,
  });
  expect(kills).toBe(KILLS);
});

it(`merge, ${KILLS} times`, { timeout: patience }, async () => {
  const parts = [1, 2].map((part) => join(root, `part-${part}.json`));
  for (const [i, part] of parts.entries())
    await done('analyze', demoModel, '--shard', `${i + 1}/2`, '-o', part);
  const kills = await surviveKills(program, join(root, 'merge'), {
    args: (results) => ['merge', ...parts, '-o', join(results, 'analysis.json')],
  });
  expect(kills).toBe(KILLS);
});

it(`report, ${KILLS} times`, { timeout: patience }, async () => {
  await done('plan', demoModel, '-o', join(root, 'plan'));
  const files = ['analysis.json', 'allocation.json'].map((name) => join(root, 'plan', name));
  const kills = await surviveKills(program, join(root, 'report'), {
    args: (results) => ['report', ...files, '-o', join(results, 'report.html')],
  });
  expect(kills).toBe(KILLS);
});

it(`train, resumed, ${KILLS} times`, { timeout: patience }, async () => {
  const model = writeLanguageModel(join(root, 'language-model'));
  await done('plan', model, '--total', '6', '-o', join(root, 'experts'));
  const data = join(root, 'data.jsonl');
  const text = JSON.stringify({ text: 'the cat sat on the mat.' });
  writeFileSync(data, `${Array(16).fill(text).join('\n')}\n`);
  mkdirSync(join(root, 'train'));
  const kills = await surviveKills(program, join(root, 'train'), {
    args: (results) => [
      ...['train', model, '--allocation', join(root, 'experts', 'allocation.json')],
      ...['--task', 'text', '--data', data, '--backend', 'cpu', '--seed', '3'],
      ...['--steps', '24', '--checkpoint-every', '4', '--resume', '-o', results],
    ],
    normalized: (name, content) =>
      name.endsWith('metrics.jsonl')
        ? content.toString().replace(/"tokensPerSecond":[^,}]*/g, '')
        : content,
    // Steps after the last checkpoint are done again; the state is of the step that it is at.
    isUnfinished: () => true,
  });
  expect(kills).toBe(KILLS);
});
