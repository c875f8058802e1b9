/** The curves of a run, read by TensorBoard. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { type MetricsLine, parseMetrics } from '../training/metrics.js';
import { type FineTuneOptions, fineTune } from './fine-tune.js';

const program = `
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
def answer(folder):
  events = EventAccumulator(folder, size_guidance={'scalars': 0, 'tensors': 0})
  events.Reload()
  texts = [[e.step, e.tensor_proto.string_val[0].decode()] for e in events.Tensors('settings/text_summary')]
  scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}
  return {'texts': texts, 'scalars': scalars}
`;

const root = temporaryFolder('events');
const model = writeLanguageModel(join(root, 'model'));
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

const data = join(root, 'a|b.jsonl');
beforeAll(async () => {
  await useBackend('wasm');
  const line = JSON.stringify({ text: 'the cat sat on the mat.' });
  await writeFile(data, `${new Array(16).fill(line).join('\n')}\n`);
});

const run = (options: Partial<FineTuneOptions> & { output: string }) =>
  fineTune({
    ...{ model, task: 'text', data, allocation, evaluateEvery: 3, checkpointEvery: 4 },
    ...{ targets: ['q_proj'], training: { steps: 12, learningRate: 1e-2 } },
    ...options,
  } as FineTuneOptions);

/** Of metrics.jsonl, as TensorBoard gives them: 32-bit floats. */
async function expected(folder: string): Promise<Record<string, number[][]>> {
  const lines = parseMetrics(await readFile(join(folder, 'metrics.jsonl'), 'utf8'));
  const curve = (of: (line: MetricsLine) => number | undefined) =>
    lines.flatMap((line) => {
      const value = of(line);
      return value === undefined ? [] : [[line.step, Math.fround(value)]];
    });
  return {
    'train/epoch': curve(({ epoch }) => epoch),
    'train/gradient_norm': curve(({ gradientNorm }) => gradientNorm),
    'train/learning_rate': curve(({ learningRate }) => learningRate),
    'train/loss': curve(({ loss }) => loss),
    'train/targets': curve(({ targets }) => targets),
    'train/tokens': curve(({ tokens }) => tokens),
    'train/tokens_per_second': curve(({ tokensPerSecond }) => tokensPerSecond),
    'validation/loss': curve(({ evaluation }) => evaluation?.['loss']),
  };
}

describeUnless(pythonLacks('tensorboard'), 'TensorBoard', () => {
  const read = startPython<
    string,
    { texts: Array<[number, string]>; scalars: Record<string, number[][]> }
  >(program);

  it('reads the numbers of metrics.jsonl, each step once, also of a run that was cut short', async () => {
    const output = join(root, 'run');
    const tensorboard = join(root, 'logs', 'run');
    // As a process that is killed in step 7: the last checkpoint is that of step 4.
    const killed = run({
      ...{ output, tensorboard },
      onStep: ({ step }) => {
        if (step === 6) throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    await expect(run({ output: join(root, 'other'), tensorboard })).rejects.toThrow(
      /events of another run/,
    );
    expect((await read(tensorboard)).scalars['train/loss']).toHaveLength(6);
    await run({ output, tensorboard, resume: true });
    expect(await readdir(tensorboard)).toHaveLength(2);
    const { scalars, texts } = await read(tensorboard);
    expect(scalars['train/loss']!.map(([step]) => step)).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    ]);
    expect(scalars).toEqual(await expected(output));
    expect(texts.map(([step]) => step)).toEqual([0, 4]);
    expect(texts[0]![1]).toContain('| learningRate | 0.01 |');
    expect(texts[0]![1]).toContain(String.raw`a\|b.jsonl`);
  });

  it('gets the steps from before where it is asked for later', async () => {
    const output = join(root, 'later');
    await run({ output });
    const tensorboard = join(root, 'logs', 'later');
    await run({ output, tensorboard, resume: true });
    const { scalars } = await read(tensorboard);
    expect(scalars['train/loss']).toHaveLength(12);
    expect(scalars).toEqual(await expected(output));
  });
});
