/** `--json` of every command: one document on stdout and nothing else there. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeEncoder } from '@alphalora/testing/encoder';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { type RedisServer, redisLacks, startRedis } from '@alphalora/testing/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredProgram, everyCommand, pathOf } from './test-support/commands.js';

const root = temporaryFolder('json');
const { alphalora } = programIn(root);
const model = writeLanguageModel(join(root, 'model'));
const encoder = writeEncoder(join(root, 'encoder'));
const task = ['--task', 'text', '--data', join(root, 'data.jsonl'), '--backend', 'cpu'];

beforeAll(async () => {
  const lines = Array.from({ length: 8 }, () => '{"text":"the cat sat on the mat."}');
  writeFileSync(join(root, 'data.jsonl'), `${lines.join('\n')}\n`);
  const planned = await alphalora(
    ...['plan', model, '--total', '6', '-o', 'plan', '--export', 'peft'],
  );
  expect(planned.code, planned.stderr).toBe(0);
  const ranks = await alphalora(
    ...['allocate', 'plan/analysis.json', '--unit', 'rank', '-o', 'ranks.json'],
  );
  expect(ranks.code, ranks.stderr).toBe(0);
  for (const part of [1, 2]) {
    const shard = ['--shard', `${part}/2`, '-o', `part-${part}.json`];
    expect((await alphalora('analyze', model, ...shard)).code).toBe(0);
  }
  for (const [allocation, output] of [
    ['plan/allocation.json', 'trained'],
    ['ranks.json', 'lora'],
  ] as const) {
    const recipe = ['--allocation', allocation, ...task, '--steps', '1', '-o', output];
    const trained = await alphalora('train', model, ...recipe);
    expect(trained.code, trained.stderr).toBe(0);
  }
});

type Checked = [args: string[], document: object];

/** What each command is called with, and what its document has at least. */
const calls: Record<string, Checked> = {
  inspect: [[model], { architecture: 'LlamaForCausalLM', weights: expect.any(Array) }],
  analyze: [[model], { kind: 'analysis' }],
  allocate: [['plan/analysis.json', '--total', '6'], { kind: 'allocation' }],
  plan: [
    [model, '--total', '6', '-o', 'again', '--export', 'peft'],
    {
      analysis: { kind: 'analysis' },
      allocation: { kind: 'allocation' },
      written: [
        'again/analysis.json',
        'again/allocation.json',
        'again/report.html',
        'again/peft/adapter_config.json',
      ],
    },
  ],
  report: [['plan/analysis.json', '-o', 'page.html'], { written: ['page.html'] }],
  merge: [['part-1.json', 'part-2.json'], { kind: 'analysis' }],
  compare: [['plan/analysis.json', 'plan/analysis.json'], { blocks: expect.any(Array) }],
  export: [
    ['ranks.json', '--to', 'peft', '-o', 'exported/'],
    { format: 'peft', written: expect.arrayContaining(['exported/adapter_config.json']) },
  ],
  'policy list': [[], expect.arrayContaining([expect.objectContaining({ name: 'alphalora' })])],
  'policy info': [['alphalora'], { name: 'alphalora', defaults: { beta: 2.5 } }],
  'policy new': [['own', '-o', 'own'], { files: expect.arrayContaining(['package.json']) }],
  'policy check': [
    ['uniform'],
    expect.arrayContaining([expect.objectContaining({ status: 'passed' })]),
  ],
  train: [
    [model, '--allocation', 'plan/allocation.json', ...task, '--steps', '1', '-o', 'adapter'],
    { output: 'adapter', steps: 1 },
  ],
  calibrate: [[model, ...task, '-o', 'scores.json'], { kind: 'scores' }],
  evaluate: [[model, ...task], { task: 'text', examples: 8 }],
  generate: [
    [model, '--prompt', 'the cat', '--max-tokens', '2', '--backend', 'cpu'],
    { prompt: 'the cat', tokens: expect.any(Number) },
  ],
  embed: [
    [encoder, '--text', 'the cat', '--backend', 'cpu'],
    { size: 8, vectors: [{ text: 'the cat', tokens: 4 }] },
  ],
  'adapter inspect': [['trained'], { updates: expect.any(Array) }],
  'adapter verify': [['trained', 'plan/allocation.json'], { differences: [] }],
  'adapter merge': [
    [model, 'trained', '--expert', '0', '-o', 'merged'],
    { output: 'merged', files: expect.any(Array) },
  ],
  'adapter compress': [['lora', '--rank', '1', '-o', 'small'], { output: 'small' }],
  'adapter convert': [['lora', '--to', 'peft', '--base', model, '-o', 'converted'], {}],
  schema: [['analysis'], { $schema: expect.any(String) }],
  completion: [['bash'], { shell: 'bash', script: expect.stringContaining('complete -o') }],
  doctor: [[], { node: process.versions.node }],
};

/** These need a server. */
const distributed = ['queue status', 'worker'];

describe('--json', () => {
  it('is an option of every command, and each is called here', () => {
    const commands = everyCommand(declaredProgram(() => undefined)).filter(
      ({ commands: own }) => own.length === 0,
    );
    expect(commands.map(pathOf).sort()).toEqual([...Object.keys(calls), ...distributed].sort());
    for (const command of commands) {
      expect(
        command.options.map(({ long }: { long: string }) => long),
        pathOf(command),
      ).toContain('--json');
    }
  });

  it.each(Object.entries(calls))('%s', async (name, [args, document]) => {
    const found = await alphalora(...name.split(' '), ...args, '--json');
    expect(found.code, found.stderr).toBe(0);
    expect(JSON.parse(found.stdout)).toMatchObject(document);
  });

  it('leaves errors on stderr, with their exit codes', async () => {
    for (const [code, ...args] of [
      [2, 'plan', model, '--policy', 'x'],
      [2, 'report', 'gone.json', '-o', 'x.html'],
      [1, 'allocate', 'data.jsonl.json'],
    ] as Array<[number, ...string[]]>) {
      writeFileSync(join(root, 'data.jsonl.json'), '{');
      const { stdout, stderr, code: found } = await alphalora(...args, '--json');
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^error: /);
      expect(found).toBe(code);
    }
  });

  it.each([
    ['report', ['plan/analysis.json']],
    ['export', ['ranks.json', '--to', 'axolotl']],
  ])('%s has one thing to print', async (name, args) => {
    const { code, stdout, stderr } = await alphalora(name, ...args, '-o', '-', '--json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('-o - and --json both write to stdout');
  });
});

describeUnless(redisLacks, '--json of a distributed run', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  it('queue status', async () => {
    const { stdout, code } = await alphalora('queue', 'status', redis.url('idle'), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ workers: [], counts: { waiting: 0 } });
  });

  it('worker, an object a line, as it may never end', async () => {
    const queue = redis.url('busy');
    const worker = alphalora(
      ...['worker', queue, '--root', root, '--exit-when-idle', '3', '--jobs', '1', '--json'],
    );
    const measured = await alphalora('analyze', model, '--queue', queue, '--json');
    expect(measured.code, measured.stderr).toBe(0);
    const { stdout, code } = await worker;
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ kind }) => kind === 'done').length).toBeGreaterThan(0);
  });
});
