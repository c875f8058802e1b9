import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, posixLacks } from '@alphalora/testing/lacking';
import { startCommand } from '@alphalora/testing/program';
import { type RedisServer, redisLacks, startRedis } from '@alphalora/testing/redis';
import { demoModel, programFile } from '@alphalora/testing/repository';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root as repository } from './lib/workspace.js';

const deploy = join(repository, 'examples/deploy');
const text = (name: string): string => readFileSync(join(deploy, name), 'utf8');

interface Container {
  command: string[];
  args: string[];
  env?: { name: string; value?: string }[];
}

/** The only container of the first document that runs any. */
function containerOf(file: string): Container {
  const documents = parseAllDocuments(text(file)).map((document) => document.toJS());
  const [only] = documents.flatMap(({ spec }) => spec?.template?.spec?.containers ?? []);
  return only;
}

describeUnless(redisLacks ?? posixLacks, 'examples/deploy', () => {
  const folder = temporaryFolder('deploy');
  const model = join(folder, 'model');
  const analysis = join(folder, 'analysis');
  const password = 'sesame';
  let redis: RedisServer;
  let expected: string;

  beforeAll(async () => {
    mkdirSync(analysis);
    cpSync(demoModel, model, { recursive: true });
    program('npm', 'exit 0');
    program('alphalora', `exec "${process.execPath}" "${programFile}" "$@"`);
    program('npx', `while [ "$1" != alphalora ]; do shift; done; exec "$@"`);
    redis = await startRedis('--requirepass', password);
    const { code, output } = await run(['alphalora', 'analyze', model, '--json']);
    expect(code, output).toBe(0);
    expected = comparable(output.slice(output.indexOf('{')));
  });
  afterAll(() => redis?.stop());

  /** Stands in for a program of that name. */
  function program(name: string, line: string): void {
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  const comparable = (document: string): string =>
    JSON.stringify({ ...JSON.parse(document), timings: undefined });

  function start(command: string[], env: Record<string, string> = {}) {
    const [program, ...args] = command.map(here) as [string, ...string[]];
    const { child, outcome } = startCommand(program, args, {
      env: {
        ...process.env,
        PATH: `${folder}${delimiter}${process.env['PATH']}`,
        ALPHALORA_CACHE: join(folder, 'cache'),
        REDIS_PASSWORD: password,
        ...env,
      },
    });
    // The result alone, where it is printed.
    const ended = outcome.then(({ code, stdout, stderr }) => ({
      code,
      output: code === 0 ? stdout : stderr,
    }));
    return { child, ended };
  }
  const run = (command: string[], env?: Record<string, string>) => start(command, env).ended;

  /** Their hosts and mounts, as they are on this machine. */
  function here(word: string): string {
    return (
      word
        .replace(/redis:\/\/(alphalora-)?redis\//g, redis?.url('') ?? '')
        .replaceAll('/mnt/model', model)
        .replaceAll('/mnt/analysis', analysis)
        .replaceAll('/tmp/cache', join(folder, 'cache'))
        .replace(/^\/models$/, folder)
        // Compose takes a single one for its own variables.
        .replaceAll('$$', '$')
    );
  }

  it('Kubernetes: workers and the run leave the analysis of one machine', async () => {
    const worker = containerOf('kubernetes/workers.yaml');
    const working = start([...worker.command, ...worker.args]);
    const asking = containerOf('kubernetes/analyze.yaml');
    const { code, output } = await run([...asking.command, ...asking.args]);
    expect(code, output).toBe(0);
    working.child.kill('SIGTERM');
    expect((await working.ended).code).toBe(0);
    const written = JSON.parse(readFileSync(join(analysis, 'analysis.json'), 'utf8'));
    expect(written.model.source).toBe(model);
    expect(comparable(JSON.stringify(written)) === expected).toBe(true);
  });

  it('Kubernetes: the server runs with its flags', () => {
    const { args } = containerOf('kubernetes/redis.yaml');
    // The server of these tests is started with the same.
    for (const flag of ['--appendonly yes', '--maxmemory-policy noeviction', '--requirepass'])
      expect(args[0]).toContain(flag);
  });

  it('Kubernetes and Slurm: shards join to the analysis of one machine', async () => {
    const { command, args, env } = containerOf('kubernetes/shards.yaml');
    const parts: string[] = [];
    const shards = Number(env!.find(({ name }) => name === 'SHARDS')!.value);
    expect(shards).toBe(parse(text('kubernetes/shards.yaml')).spec.completions);
    for (let index = 0; index < 2; index++) {
      const { code, output } = await run([...command, ...args], {
        SHARDS: '3',
        JOB_COMPLETION_INDEX: String(index),
      });
      expect(code, output).toBe(0);
      parts.push(join(analysis, `part-${index + 1}.json`));
    }
    const slurm = await run(['bash', join(deploy, 'slurm/shards.sbatch'), model, analysis], {
      SLURM_ARRAY_TASK_ID: '3',
      SLURM_ARRAY_TASK_COUNT: '3',
      SLURM_CPUS_PER_TASK: '2',
    });
    expect(slurm.code, slurm.output).toBe(0);
    parts.push(join(analysis, 'part-3.json'));
    const merged = await run(['alphalora', 'merge', ...parts, '--json']);
    expect(merged.code, merged.output).toBe(0);
    expect(comparable(merged.output) === expected).toBe(true);
  });

  it('Slurm: a worker of the array works until nothing is left', async () => {
    // Half a second instead of five minutes.
    const script = join(folder, 'workers.sbatch');
    const patient = '--exit-when-idle 300';
    expect(text('slurm/workers.sbatch')).toContain(patient);
    const hasty = text('slurm/workers.sbatch').replace(patient, '--exit-when-idle 2');
    writeFileSync(script, hasty);
    const queue = redis.url('slurm');
    const working = run(['bash', script, queue, folder], { SLURM_CPUS_PER_TASK: '2' });
    const asking = ['alphalora', 'analyze', model, '--json', '--queue', queue];
    const { code, output } = await run(asking);
    expect(code, output).toBe(0);
    expect(comparable(output) === expected).toBe(true);
    expect((await working).code).toBe(0);
  });

  it('compose: the worker, and a run as its head comment gives it', async () => {
    const { services } = parse(text('compose.yaml'), { merge: true });
    const { worker, analyze, redis: server } = services;
    expect(server.command.slice(1, 5)).toEqual([
      ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    ]);
    const working = start([...worker.entrypoint, ...worker.command]);
    const status = await run([...analyze.entrypoint, ...analyze.command]);
    expect(status.code, status.output).toBe(0);
    const [, asked] = /run --rm analyze (analyze .*\n.*)/.exec(text('compose.yaml'))!;
    const words = asked!.replace(/\\\n#/, '').trim().split(/\s+/);
    const mounted = words.map((word) =>
      word.replace(/^\/models\/.*/, model).replace('/out', folder),
    );
    const { code, output } = await run([...analyze.entrypoint, ...mounted]);
    expect(code, output).toBe(0);
    expect(existsSync(join(folder, 'analysis.json'))).toBe(true);
    working.child.kill('SIGTERM');
    expect((await working.ended).code).toBe(0);
  });
});
