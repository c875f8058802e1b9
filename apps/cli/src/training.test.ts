/** `train`, `evaluate` and `generate` of the built program, on a tiny model. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scores } from '@alphalora/contracts';
import { fineTune } from '@alphalora/molora-tfjs/node';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('training');
const { alphalora, start } = programIn(root);
const model = writeLanguageModel(join(root, 'model'));
const allocation = join(root, 'plan', 'allocation.json');
const data = join(root, 'data.jsonl');
const task = ['--task', 'text', '--data', data, '--backend', 'wasm'];
const recipe = ['--allocation', allocation, ...task, '--learning-rate', '0.01'];

beforeAll(async () => {
  // The same sentence again and again can be learned in a few steps.
  const lines = Array.from({ length: 16 }, () =>
    JSON.stringify({ text: 'the cat sat on the mat.' }),
  );
  writeFileSync(data, `${lines.join('\n')}\n`);
  const planned = await alphalora('plan', model, '--total', '6', '-o', join(root, 'plan'));
  expect(planned.code, planned.stderr).toBe(0);
});

const metrics = (folder: string): Array<{ step: number; loss: number }> =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('plan, train, evaluate, generate', () => {
  const adapter = join(root, 'adapter');

  it('one after the other leave an adapter that has learned', async () => {
    const trained = await alphalora(
      'train',
      model,
      ...recipe,
      '--steps',
      '30',
      '-o',
      adapter,
      '--json',
    );
    expect(trained.code, trained.stderr).toBe(0);
    const summary = JSON.parse(trained.stdout);
    expect(summary).toMatchObject({ steps: 30, examples: 16, backend: 'wasm' });
    const lines = metrics(adapter);
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(lines.at(-1)!.loss).toBe(summary.lastLoss);

    const score = async (...more: string[]) =>
      JSON.parse((await alphalora('evaluate', model, ...task, '--json', ...more)).stdout);
    const before = await score();
    const after = await score('--adapter', adapter);
    expect(before).toMatchObject({ task: 'text', metric: 'perplexity', examples: 16 });
    expect(after.loss).toBeLessThan(before.loss - 1);
    expect(after.value).toBeCloseTo(Math.exp(after.loss), 6);

    const told = await alphalora(
      ...['generate', model, '--adapter', adapter, '--prompt', 'the cat', '--max-tokens', '8'],
      ...['--backend', 'wasm', '--json'],
    );
    expect(JSON.parse(told.stdout).text).toMatch(/^the cat.{8}$/s);
    const streamed = await alphalora(
      ...['generate', model, '--adapter', adapter, '--prompt', 'the cat', '--max-tokens', '8'],
      ...['--backend', 'cpu'],
    );
    expect(streamed.stdout).toBe(`${JSON.parse(told.stdout).text}\n`);
  });

  it('say that a prompt is empty where texts begin with no token', async () => {
    const bare = writeLanguageModel(join(root, 'bare'));
    const file = join(bare, 'tokenizer.json');
    const { post_processor: _, ...tokenizer } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(tokenizer));
    writeFileSync(join(bare, 'tokenizer_config.json'), '{"add_bos_token":false}');
    expect(await alphalora('generate', bare, '--prompt', '', '--backend', 'cpu')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('the prompt is empty, and the model needs'),
    });
  });

  it('write what the library writes with the same options, byte for byte', async () => {
    const tf = await import('@tensorflow/tfjs');
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${dirname(wasm)}/`);
    await tf.setBackend('wasm');
    const own = join(root, 'own');
    await fineTune({
      ...{ model, task: 'text', data, output: own },
      allocation: JSON.parse(readFileSync(allocation, 'utf8')),
      training: { steps: 30, learningRate: 0.01 },
    });
    const files = [
      'adapter_model.safetensors',
      'adapter_config.json',
      'training_state.safetensors',
    ];
    for (const name of files)
      expect(readFileSync(join(own, name)), name).toEqual(readFileSync(join(adapter, name)));
    expect(metrics(own).map(({ loss }) => loss)).toEqual(metrics(adapter).map(({ loss }) => loss));
  });

  it('refuse to write over a run, and go on from its last checkpoint', async () => {
    const again = await alphalora('train', model, ...recipe, '--steps', '30', '-o', adapter);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('resume it') });
    const done = await alphalora(
      'train',
      model,
      ...recipe,
      '--steps',
      '30',
      '-o',
      adapter,
      '--resume',
    );
    expect(done).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('had been done before'),
    });
  });

  it('resume an interrupted run to the same losses', async () => {
    const folder = join(root, 'interrupted');
    const argv = [
      'train',
      model,
      ...recipe,
      '--steps',
      '30',
      '-o',
      folder,
      '--checkpoint-every',
      '5',
    ];
    const { child, outcome } = start(argv);
    const wait = setInterval(() => {
      if (!existsSync(join(folder, 'training_state.safetensors'))) return;
      // A second one would not wait for the checkpoint.
      clearInterval(wait);
      child.kill('SIGINT');
    }, 5);
    const { code, stderr } = await outcome;
    clearInterval(wait);
    // A quick machine may be done before the interrupt arrives.
    if (code !== 0) {
      expect(code, stderr).toBe(130);
      expect(stderr).toContain('--resume continues from there');
      const resumed = await alphalora(...argv, '--resume');
      expect(resumed.code, resumed.stderr).toBe(0);
    }
    const losses = (of: string): number[] => metrics(of).map(({ loss }) => loss);
    expect(losses(folder)).toEqual(losses(adapter));
  });
});

describe('a folder', () => {
  const folder = join(root, 'shared');
  const argv = ['train', model, ...recipe, '--steps', '30', '-o', folder];

  it('has one run at a time; a killed one is resumed without cleaning up', async () => {
    const { child, outcome } = start(argv);
    const lock = join(folder, 'training.1.lock');
    // Written after the lock.
    while (!existsSync(join(folder, 'metrics.jsonl')))
      await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill('SIGSTOP');
    const second = await alphalora(...argv, '--resume');
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(second.stderr).toContain(`in use by the training run of process ${child.pid}`);
    expect(second.stderr).toContain(lock);
    child.kill('SIGKILL');
    await outcome;
    const resumed = await alphalora(...argv, '--resume');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(metrics(folder).map(({ step }) => step)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });
});

describe('train', () => {
  const output = join(root, 'never');
  it.each([
    ['steps and epochs', ['--steps', '3', '--epochs', '1'], /both say how long/],
    ['an unknown task', ['--task', 'chess'], /unknown task "chess"/],
    ['an unknown backend', ['--backend', 'abacus'], /choices are cpu, wasm, node/],
    [
      'a backend that is not there',
      ['--backend', 'node-gpu'],
      /npm install @tensorflow\/tfjs-node/,
    ],
    ['a target that is not there', ['--targets', 'c_attn'], /no projection with the role "c_attn"/],
    ['an unknown router', ['--router', 'dice'], /dice/],
    ['a gate over new experts', ['--router', 'mole'], /two or more trained adapters.*--experts/],
    ['an unknown router loss', ['--router-loss', 'luck=1'], /luck/],
    ['data that is not there', ['--data', join(root, 'none')], /does not exist/],
  ])('refuses %s', async (_, more, message) => {
    const argv = [...recipe, '-o', output, ...more];
    const { code, stdout, stderr } = await alphalora('train', model, ...argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(existsSync(output)).toBe(false);
  });

  it('keeps the best, ends early, learns by factors of its layers, and writes for TensorBoard', async () => {
    const folder = join(root, 'best');
    const rates = join(root, 'rates.json');
    const logs = join(root, 'logs');
    const planned = await alphalora('allocate', model, '--unit', 'learning-rate', '-o', rates);
    expect(planned.code, planned.stderr).toBe(0);
    const argv = ['train', model, ...recipe, '--learning-rates', rates, '-o', folder];
    const watched = ['--evaluate-every', '1', '--tensorboard', logs, '--early-stopping', '2'];
    const { code, stdout, stderr } = await alphalora(
      ...[...argv, '--steps', '12', ...watched, '--minimum-improvement', '99', '--json'],
    );
    expect(code, stderr).toBe(0);
    // Nothing after the first evaluation improves by so much, though the loss falls.
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ steps: 3, stopped: 'early-stopping', best: { step: 3 } });
    expect(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'))).toEqual({
      ...{ step: 3, steps: 12, stopped: 'early-stopping', adapterStep: 3 },
      best: summary.best,
    });
    expect(readdirSync(logs)).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\./)]);
    const longer = await alphalora(...argv, '--steps', '14', ...watched, '--resume');
    expect(longer.code, longer.stderr).toBe(0);
    expect(longer.stderr).toContain('14 steps in place of 12');
    expect(longer.stdout).toMatch(/\nthe adapter is that of step \d+, with the lowest/);
    const alone = await alphalora(...argv, '--minimum-improvement', '1');
    expect(alone).toMatchObject({ code: 2, stderr: expect.stringContaining('--early-stopping') });
  });

  it('lets ranks grow, and balances the load, where it is told to', async () => {
    const folder = join(root, 'grown');
    const { code, stderr } = await alphalora(
      ...['train', model, ...recipe, '--steps', '12', '-o', folder, '--router-loss'],
      ...['load-balance=0.001', '--dynamic-rank', '2:4:6', '--growth-interval', '4'],
    );
    expect(code, stderr).toBe(0);
    // The model has no experts of its own.
    expect(stderr).toContain('note: ranks grow among the experts of each projection');
    const scored = await alphalora(
      'evaluate',
      model,
      ...task,
      '--split',
      'train',
      '--adapter',
      folder,
    );
    expect(scored.code, scored.stderr).toBe(0);
  });
});

describe('evaluate --suite', () => {
  const wide = writeLanguageModel(join(root, 'wide'), { positions: 600 });
  const benchmarks = join(root, 'benchmarks');
  const common = ['--data', benchmarks, '--cutoff', '600', '--backend', 'wasm'];
  const suite = ['evaluate', wide, '--suite', 'alphalora', '--wording', 'mola', ...common];
  mkdirSync(join(benchmarks, 'rte'), { recursive: true });
  const rows = ['index\tsentence1\tsentence2\tlabel', '0\ta\tb\tentailment'];
  writeFileSync(join(benchmarks, 'rte', 'dev.tsv'), `${rows.join('\n')}\n`);

  it('is a table of what is there and what is missing', async () => {
    const { code, stdout, stderr } = await alphalora(...suite);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^rte +[01]\.0000 +1 +validation +likelihood$/m);
    expect(stdout).toMatch(/^gsm8k +missing$/m);
    expect(stdout).toMatch(
      /^mean accuracy over the 1 of 10 benchmarks of alphalora .*: [01]\.0000$/m,
    );
    const document = JSON.parse((await alphalora(...suite, '--json')).stdout);
    expect(document.present).toBe(1);
    expect(document.benchmarks).toHaveLength(10);
    expect(document.benchmarks[0]).toMatchObject({ task: 'rte', evaluation: { examples: 1 } });
    expect(document.benchmarks[1]).toEqual({ task: 'mrpc' });
  });

  it.each([
    [['evaluate', wide, ...common], '--task and --suite'],
    [[...suite, '--task', 'rte'], '--task and --suite'],
    [[...suite, '--split', 'test'], '--split has no effect'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await alphalora(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('calibrate', () => {
  const scores = join(root, 'scores.json');
  const calibrate = ['calibrate', model, ...task, '--batch-size', '4', '--batches', '3'];

  it('writes a file that allocate takes, of blocks and of projections', async () => {
    const { code, stdout, stderr } = await alphalora(...calibrate, '-o', scores);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^21 projections scored by gradient on 12 examples of text in 3 batch/);
    const document: Scores = JSON.parse(readFileSync(scores, 'utf8'));
    expect(document).toMatchObject({ kind: 'scores', data: { task: 'text', examples: 12 } });
    const [first] = document.scores;
    expect(Object.keys(first!.measures)).toHaveLength(6);
    expect(first!.measures['explained-variance']!.mean).toBeGreaterThan(0.5);
    expect(existsSync(`${scores}.partial`)).toBe(false);

    const allocated = async (...more: string[]) => {
      const argv = ['allocate', '--scores', scores, '--policy', 'proportional', '--json', ...more];
      const done = await alphalora(...argv);
      expect(done.code, done.stderr).toBe(0);
      return JSON.parse(done.stdout);
    };
    const mean = (measure: string, block: number) => {
      const own = document.scores.filter((row) => row.block === block);
      return own.reduce((sum, row) => sum + row.measures[measure]!.mean, 0) / own.length;
    };
    const blocks = await allocated('--total', '12');
    blocks.blocks.forEach(({ score }: { score: number }, block: number) => {
      expect(score).toBeCloseTo(mean('gradient', block), 12);
    });
    const analysis = join(root, 'plan', 'analysis.json');
    const ranks = ['--unit', 'rank', '--per', 'projection', '--measure', 'residual'];
    const { projections } = await allocated(analysis, ...ranks);
    expect(projections.map(({ score }: { score: number }) => score)).toEqual(
      projections.map(
        ({ name }: { name: string }) =>
          document.scores.find((row) => row.name === name)!.measures['residual']!.mean,
      ),
    );
  });

  it('keeps what was measured when it is interrupted, and continues', async () => {
    const lines = Array.from({ length: 120 }, (_, i) => JSON.stringify({ text: `the cat ${i}.` }));
    const many = join(root, 'many.jsonl');
    writeFileSync(many, `${lines.join('\n')}\n`);
    const output = join(root, 'again.json');
    const argv = [
      ...['calibrate', model, '--task', 'text', '--data', many, '--backend', 'wasm'],
      ...['--measures', 'gradient', '--batch-size', '1', '--batches', '120', '-o', output],
    ];
    const running = start(argv);
    while (!existsSync(`${output}.partial`)) await delay(2);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.outcome;
    expect([code, stderr]).toEqual([130, expect.stringMatching(/--resume continues from there/)]);
    expect(existsSync(output)).toBe(false);
    const refused = await alphalora(...argv);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/resume it, or/)]);
    const resumed = await alphalora(...argv, '--resume');
    expect(resumed.stdout, resumed.stderr).toMatch(/120 examples of text in 120 batches/);
  });

  it.each([
    ['a measure that there is not', ['--measures', 'alpha'], /choose from gradient, sensitivity/],
    [
      'a score that is not measured',
      ['--measures', 'fisher', '--measure', 'gradient'],
      /not among/,
    ],
  ])('refuses %s', async (_, more, message) => {
    const { code, stderr } = await alphalora(...calibrate, ...more, '-o', join(root, 'no.json'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('says which measures a file has', async () => {
    const argv = ['allocate', '--scores', scores, '--policy', 'proportional', '--measure', 'x'];
    const { stderr } = await alphalora(...argv);
    expect(stderr).toMatch(/has no measure "x": there are gradient, sensitivity, fisher/);
  });
});
