/**
 * A model measured by workers over a real Redis, with what happens to machines: one is killed, one
 * freezes for longer than its lock, the server restarts, the person who asked goes away and comes
 * back. The result is the one of a single machine, and nothing that was done is done again.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, itUnless } from '@alphalora/testing/lacking';
import { type Running, startCommand } from '@alphalora/testing/program';
import { freePort, type RedisServer, redisLacks, startRedis } from '@alphalora/testing/redis';
import { demoModel, programFile } from '@alphalora/testing/repository';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { encodeValues, serializeSafetensors } from '../packages/checkpoint/src/index.js';
import { member, outsider, startHub } from '../packages/checkpoint/src/test-support/hub.js';
import { parseQueueAddress, startWorker } from '../packages/cluster/src/index.js';
import type { AnalysedRow, Analysis } from '../packages/contracts/src/index.js';
import { fencesOf } from './lib/markdown.js';
import { root as repository } from './lib/workspace.js';

type Started = Running & { code: Promise<number | null> };

/** What a worker prints with --json. */
interface Line {
  kind: string;
  matrix: string;
  reason?: string;
}

describeUnless(redisLacks, 'analyze --queue', () => {
  const folder = temporaryFolder('cluster');
  const children: ChildProcess[] = [];
  let redis: RedisServer;

  beforeAll(async () => {
    if (!existsSync(programFile))
      throw new Error('the program is not built: npm run setup builds it');
    redis = await startRedis();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => redis?.stop());

  function alphalora(args: string[], env: NodeJS.ProcessEnv = {}): Started {
    const running = startCommand(process.execPath, [programFile, ...args], {
      cwd: folder,
      env: { ...process.env, ALPHALORA_CACHE: join(folder, 'cache'), ...env },
    });
    children.push(running.child);
    return { ...running, code: running.outcome.then(({ code }) => code) };
  }

  function worker(queue: string, root: string, ...args: string[]): Started & { lines(): Line[] } {
    const common = ['--root', root, '--jobs', '1', '--json', '--no-cache'];
    const running = alphalora(['worker', queue, ...common, ...args]);
    const lines = (): Line[] =>
      running.texts.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    return { ...running, lines };
  }
  const matrices = (lines: readonly Line[], kind: string): string[] =>
    lines.filter((line) => line.kind === kind).map(({ matrix }) => matrix);

  /** What a worker has started and neither finished nor lost. */
  function inFlight(lines: readonly Line[]): string[] {
    const over = new Set(
      lines.filter(({ kind }) => kind !== 'started').map(({ matrix }) => matrix),
    );
    return matrices(lines, 'started').filter((matrix) => !over.has(matrix));
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await delay(10);
  }

  async function analysis(...args: string[]): Promise<string> {
    const { code, texts } = alphalora(['analyze', '--json', ...args]);
    expect([0, 3], texts.stderr).toContain(await code);
    return withoutTimings(texts.stdout);
  }
  const withoutTimings = (text: string): string => text.replace(/\n *"timings":.*/, '');

  /** Seeded numbers in [-1, 1). */
  function noise(count: number, seed: number): Float32Array {
    let state = seed;
    return Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 31;
    });
  }

  function writeModel(name: string, blocks: number, size: number, spoiled = -1): string {
    const path = join(folder, name);
    mkdirSync(path);
    const tensors = Array.from({ length: blocks }, (_, block) => {
      const values = noise(size * size, block + 1);
      if (block === spoiled) values[5] = Number.NaN;
      return {
        name: `model.layers.${block}.self_attn.q_proj.weight`,
        shape: [size, size],
        dtype: 'F32',
        bytes: encodeValues(values, 'F32'),
      } as const;
    });
    const bytes = Buffer.concat(serializeSafetensors({ tensors }));
    writeFileSync(join(path, 'model.safetensors'), bytes);
    return path;
  }

  it('gives the bytes of one machine, whatever happens on the way', async () => {
    const blocks = 40;
    const model = writeModel('large', blocks, 640);
    const queue = redis.url('disasters');
    const lock = ['--lock', '5'];
    const [killed, frozen, steady] = [0, 1, 2].map(() => worker(queue, folder, ...lock)) as [
      ReturnType<typeof worker>,
      ReturnType<typeof worker>,
      ReturnType<typeof worker>,
    ];
    const all = [killed, frozen, steady];
    const done = (): number =>
      all.reduce((sum, each) => sum + matrices(each.lines(), 'done').length, 0);
    const output = join(folder, 'disasters.json');
    const asking = alphalora(['analyze', model, '-o', output, '--queue', queue]);

    await until(() => done() >= 6 && inFlight(killed.lines()).length > 0);
    killed.child.kill('SIGKILL');
    await killed.code;

    await until(() => done() >= 15);
    await redis.restart();

    await until(() => done() >= 24);
    // In the middle of a matrix, not between two.
    let held: string | undefined;
    while (held === undefined) {
      await until(() => inFlight(frozen.lines()).length > 0);
      frozen.child.kill('SIGSTOP');
      await delay(200);
      [held] = inFlight(frozen.lines());
      if (held === undefined) frozen.child.kill('SIGCONT');
    }
    // Long enough for the steady one to have taken over what the frozen one had.
    await until(() => matrices(steady.lines(), 'started').includes(held));
    frozen.child.kill('SIGCONT');

    expect(await asking.code, asking.texts.stderr).toBe(0);
    const single = await analysis(model, '--no-cache');
    expect(withoutTimings(readFileSync(output, 'utf8')) === single, 'equal bytes').toBe(true);
    const { matrices: rows } = JSON.parse(readFileSync(output, 'utf8')) as Analysis;
    expect(rows.filter(({ status }) => status === 'ok')).toHaveLength(blocks);

    // Finished once each; begun again only what was in flight at the killed and the frozen one.
    const finished = all.flatMap((each) => matrices(each.lines(), 'done'));
    const excused = new Set([...inFlight(killed.lines()), held]);
    const again = finished.filter((matrix, i) => finished.indexOf(matrix) !== i);
    expect(again.filter((matrix) => !excused.has(matrix))).toEqual([]);
    expect(new Set(finished).size).toBe(blocks);
    const started = all.flatMap((each) => matrices(each.lines(), 'started'));
    const twice = started.filter((matrix, i) => started.indexOf(matrix) !== i);
    expect(twice.filter((matrix) => !excused.has(matrix))).toEqual([]);
  }, 180_000);

  it('does what the README of the package shows', async () => {
    const cwd = join(folder, 'readme');
    mkdirSync(join(cwd, 'node_modules', '@alphalora'), { recursive: true });
    for (const name of ['cluster', 'measuring'])
      symlinkSync(
        join(repository, 'packages', name),
        join(cwd, 'node_modules', '@alphalora', name),
        'junction',
      );
    cpSync(demoModel, join(cwd, 'model'), { recursive: true });
    const readme = readFileSync(join(repository, 'packages/cluster/README.md'), 'utf8');
    const example = fencesOf(readme).find(({ code }) => code.includes('startMeasuringWorker'))!;
    const code = example.code.replace('redis://host/run', redis.url('readme'));
    writeFileSync(join(cwd, 'example.mjs'), code);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], {
      cwd,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '8 56\n', stderr: '' });
  });

  it('can be left with Ctrl-C and attached to again', async () => {
    const model = writeModel('left', 24, 480, 3);
    const queue = redis.url('left');
    const only = worker(queue, folder);
    const output = join(folder, 'left.json');
    const args = ['analyze', model, '-o', output, '--queue', queue];
    const first = alphalora(args);
    await until(() => matrices(only.lines(), 'done').length >= 4);
    first.child.kill('SIGINT');
    expect(await first.code).toBe(130);
    expect(first.texts.stderr).toMatch(
      /the workers continue: run the same command to attach again/,
    );
    expect(existsSync(output)).toBe(false);

    const second = alphalora(args);
    // One matrix holds NaN: the file is written, the code says that something is missing.
    expect(await second.code).toBe(3);
    expect(second.texts.stderr).toMatch(/contains NaN/);
    const finished = matrices(only.lines(), 'done');
    expect(finished).toHaveLength(23);
    expect(new Set(finished).size).toBe(23);
    // Tried again when it had failed before the first left: whoever asks again may have mended it.
    expect(new Set(matrices(only.lines(), 'failed')).size).toBe(1);
    const status = alphalora(['queue', 'status', queue]);
    await status.code;
    expect(status.texts.stdout).toMatch(/23 of 24 matrices done, 1 failed\n/);
    expect(status.texts.stdout).toMatch(
      /failed +attempts +reason\n\S+layers\.3\S+ +1 +contains NaN/,
    );
    const single = await analysis(model, '--no-cache');
    expect(withoutTimings(readFileSync(output, 'utf8')) === single, 'equal bytes').toBe(true);
  });

  it('plans, and shows where it stands', async () => {
    const queue = redis.url('plan');
    const one = worker(queue, demoModel);
    const planning = alphalora(['plan', demoModel, '-o', join(folder, 'plan'), '--queue', queue]);
    expect(await planning.code, planning.texts.stderr).toBe(0);
    expect(planning.texts.stdout).toMatch(/^block\s+alpha\s+experts/);
    const text = alphalora(['queue', 'status', queue]);
    expect(await text.code).toBe(0);
    expect(text.texts.stdout).toMatch(
      /56 of 56 matrices done\n\nworker\s+measures\s+done\n\S+:\d+/,
    );
    const json = alphalora(['queue', 'status', queue, '--json']);
    await json.code;
    expect(JSON.parse(json.texts.stdout)).toMatchObject({
      counts: { completed: 56, failed: 0 },
      workers: [{ measuring: [] }],
    });
    one.child.kill('SIGTERM');
    expect(await one.code).toBe(0);
    expect(one.texts.stderr).toMatch(/stopped\n$/);
  });

  it('plans a model on a hub, with workers that have no copy, and one of them killed', async () => {
    const hub = await startHub();
    try {
      for (const name of ['model.safetensors', 'config.json'])
        await hub.put(`demo/model/${name}`, readFileSync(join(demoModel, name)));
      const queue = redis.url('hub');
      const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, 'hf') };
      const args = ['worker', queue, '--jobs', '1', '--json', '--no-cache', '--lock', '2'];
      const [killed, other] = [alphalora(args, env), alphalora(args, env)];
      const plan = ['plan', 'hf://demo/model'];
      const planning = alphalora([...plan, '-o', join(folder, 'far'), '--queue', queue], env);
      await until(() => killed!.texts.stdout.includes('"done"'));
      killed!.child.kill('SIGKILL');
      expect(await planning.code, planning.texts.stderr).toBe(0);
      const near = alphalora([...plan, '-o', join(folder, 'near'), '--no-cache'], env);
      expect(await near.code, near.texts.stderr).toBe(0);
      for (const name of ['analysis.json', 'allocation.json']) {
        const [here, there] = ['near', 'far'].map((way) =>
          withoutTimings(readFileSync(join(folder, way, name), 'utf8')),
        );
        expect(here === there, name).toBe(true);
      }
      // The page names the seconds that it took.
      expect(readFileSync(join(folder, 'far', 'report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
      // The demo model has 56 matrices; all that the killed one did not do, the other did.
      expect(other!.texts.stdout.match(/"done"/g)!.length).toBeGreaterThan(20);

      // A worker that may not read the model says so, and what to do.
      await hub.put('demo/model/.hub.json', '{"gated":"auto"}');
      other!.child.kill('SIGTERM');
      await other!.code;
      const denied = alphalora(args, { ...env, HF_TOKEN: outsider });
      const only = ['--json', '--seed', '7', '--include', '*layers.0*q_proj*', '--queue', queue];
      const asking = alphalora(['analyze', 'hf://demo/model', ...only], {
        ...env,
        HF_TOKEN: member,
      });
      expect(await asking.code).toBe(3);
      expect(asking.texts.stderr).toMatch(/is gated: accept its conditions/);
      expect(denied.texts.stdout).not.toContain('"done"');
    } finally {
      await hub.close();
    }
  }, 120_000);

  it('gives back what a stopped worker had, at once', async () => {
    const model = writeModel('stopped', 1, 1500);
    const queue = redis.url('stopped');
    const asking = alphalora(['analyze', model, '--json', '--queue', queue]);
    const leaving = worker(queue, folder);
    await until(() => inFlight(leaving.lines()).length > 0);
    leaving.child.kill('SIGTERM');
    expect(await leaving.code).toBe(0);
    expect(leaving.lines().map(({ kind }) => kind)).toEqual(['started', 'returned']);
    const other = worker(queue, folder, '--exit-when-idle', '2');
    expect(await asking.code, asking.texts.stderr).toBe(0);
    expect(await other.code).toBe(0);
  });

  it('reads nothing outside of its roots, by whatever way', async () => {
    const allowed = join(folder, 'allowed');
    mkdirSync(allowed);
    symlinkSync(demoModel, join(allowed, 'link'));
    mkdirSync(join(allowed, 'files'));
    symlinkSync(join(demoModel, 'model.safetensors'), join(allowed, 'files', 'model.safetensors'));
    const queue = redis.url('roots');
    const one = worker(queue, allowed);
    const outside = join(folder, 'outside');
    cpSync(demoModel, outside, { recursive: true });
    const ways = [outside, `${allowed}/../outside`, join(allowed, 'link'), join(allowed, 'files')];
    const args = ['--json', '--include', '*layers.0*q_proj*', '--queue', queue];
    const runs = ways.map((path) => alphalora(['analyze', path, ...args]));
    for (const { code, texts } of runs) {
      expect(await code).toBe(3);
      expect(texts.stderr).toMatch(/a worker may not read/);
    }
    expect(matrices(one.lines(), 'done')).toEqual([]);
  }, 180_000);

  it('believes no worker that sends anything else than a measurement of the matrix', async () => {
    const model = writeModel('lies', 3, 32);
    const queue = redis.url('lies');
    const single = alphalora(['analyze', model, '--json', '--no-cache']);
    await single.code;
    const { matrices: right } = JSON.parse(single.texts.stdout) as Analysis;
    const row = right[0] as AnalysedRow;
    const { name, shape, dtype, block, role, kind, status, digest, ...measurement } = row;
    const honest = { measurement, digest, found: 0 };
    const lies = [
      { ...honest, measurement: { ...measurement, alpha: -5 } },
      { ...honest, measurement: { ...measurement, name: 'another' } },
      { ...honest, measurement: { ...measurement, block: 70, shape: [1, 1], dtype: 'I8' } },
      'nothing of the kind',
    ];
    let told = 0;
    const liar = await startWorker({
      address: parseQueueAddress(queue),
      compute: async ({ matrix }) => {
        const lie = lies[told++ % lies.length]!;
        return typeof lie === 'string' ? lie : { matrix, ...lie };
      },
      name: 'liar',
    });
    const output = join(folder, 'lies.json');
    const asking = alphalora(['analyze', model, '-o', output, '--queue', queue]);
    await until(
      () => (asking.texts.stderr.match(/worker liar sent a wrong answer/g) ?? []).length > 2,
    );
    await liar.stop();
    worker(queue, folder);
    const code = await asking.code;
    // Within the three attempts of each matrix; what the honest one gets is right.
    expect([0, 3], asking.texts.stderr).toContain(code);
    expect(told).toBeLessThanOrEqual(9);
    const { matrices: rows } = JSON.parse(readFileSync(output, 'utf8')) as Analysis;
    for (const [i, each] of rows.entries()) {
      if (each.status === 'ok') expect(each).toEqual(right[i]);
      else
        expect(each).toMatchObject({
          status: 'failed',
          reason: expect.stringMatching(/3 wrong answers/),
        });
    }
    const page = join(folder, 'lies.html');
    expect(await alphalora(['report', output, '-o', page]).code).toBe(0);
  });

  it('gives up a matrix that takes too long, and stops at once in the middle of one', async () => {
    const hub = await startHub();
    try {
      const model = writeModel('slow', 1, 64);
      await hub.put('demo/slow/model.safetensors', readFileSync(join(model, 'model.safetensors')));
      const queue = redis.url('slow');
      const env = { HF_ENDPOINT: hub.endpoint, HF_HOME: join(folder, 'hf-slow') };
      const pass = { on: 'files', kind: 'pass' } as const;
      // Headers are read here and by the worker; the weights never come.
      const hangs = Array.from({ length: 50 }, () => ({ on: 'files', kind: 'hang' }) as const);
      await hub.faults(pass, pass, ...hangs);
      const args = ['worker', queue, '--jobs', '1', '--json', '--no-cache', '--job-timeout', '2'];
      const stuck = alphalora(args, env);
      const asking = alphalora(['analyze', 'hf://demo/slow', '--json', '--queue', queue], env);
      expect(await asking.code, asking.texts.stderr).toBe(3);
      expect(asking.texts.stderr).toMatch(/took longer than 2 s, the time limit for a matrix/);
      const failures = stuck.texts.stdout.split('\n').filter((line) => line.includes('"failed"'));
      expect(failures).toHaveLength(3);

      await hub.faults(pass, ...hangs);
      const again = alphalora(['analyze', 'hf://demo/slow', '--seed', '1', '--queue', queue], env);
      await until(() => (stuck.texts.stdout.match(/"started"/g) ?? []).length === 4);
      stuck.child.kill('SIGTERM');
      expect(await stuck.code).toBe(0);
      again.child.kill('SIGINT');
      expect(await again.code).toBe(130);
    } finally {
      await hub.close();
    }
  }, 120_000);

  it('notices that a worker sees another model', async () => {
    // The queue and the worker are on two machines with a folder of the same name.
    const place = writeModel('elsewhere', 1, 32);
    const queue = redis.url('other');
    const asking = alphalora(['analyze', place, '--json', '--queue', queue]);
    await until(() => asking.texts.stderr.includes('no worker is connected'));
    rmSync(place, { recursive: true });
    writeModel('elsewhere', 2, 32);
    worker(queue, folder);
    expect(await asking.code).toBe(3);
    expect(asking.texts.stderr).toMatch(/is not the model that was asked about/);
  });

  it('refuses options that would do nothing, and queues that are none', async () => {
    const queue = redis.url('wrong');
    for (const [args, message] of [
      [['--queue', queue, '--jobs', '2'], /--jobs does not go with --queue.*alphalora worker/],
      [['--queue', queue, '--no-cache'], /--no-cache does not go/],
      [['--queue', queue, '--shard', '1/2'], /divides the work by itself/],
      [['--queue', 'localhost/x'], /redis:\/\/host\/name/],
    ] as const) {
      const { code, texts } = alphalora(['analyze', demoModel, ...args]);
      expect(await code).toBe(2);
      expect(texts.stderr).toMatch(message);
    }
    const gone = alphalora(['worker', 'redis://127.0.0.1:1/x']);
    expect(await gone.code).toBe(1);
    expect(gone.texts.stderr).toMatch(/cannot use the queue .* is the server running/);
  });
});

describeUnless(redisLacks, "the server's protection", () => {
  async function status(
    address: string,
    env: NodeJS.ProcessEnv,
  ): Promise<{ code: number | null; text: string }> {
    const { code, stdout, stderr } = await startCommand(
      process.execPath,
      [programFile, 'queue', 'status', address],
      { env: { ...process.env, ...env } },
    ).outcome;
    return { code, text: stdout + stderr };
  }

  it('takes credentials from the environment and never shows them', async () => {
    const redis = await startRedis('--requirepass', 'open sesame');
    const right = await status(redis.url('run'), { REDIS_PASSWORD: 'open sesame' });
    expect(right.code, right.text).toBe(0);
    const wrong = await status(redis.url('run'), { REDIS_PASSWORD: 'swordfish' });
    expect(wrong.code).toBe(1);
    expect(wrong.text).toMatch(/REDIS_PASSWORD/);
    const inside = redis.url('run').replace('//', '//:swordfish@');
    const typed = await status(inside, {});
    expect(typed.code).toBe(1);
    for (const { text } of [wrong, typed]) expect(text).not.toContain('swordfish');
    await redis.stop();
  });

  const folder = temporaryFolder('tls');
  const opensslLacks =
    spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';
  itUnless(opensslLacks, 'checks certificates', async () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names],
      ...['-keyout', key, '-out', certificate],
    ]);
    const port = await freePort();
    const redis = await startRedis(
      ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate],
    );
    const address = `rediss://localhost:${port}/run`;
    const trusted = await status(address, { NODE_EXTRA_CA_CERTS: certificate });
    expect(trusted.code, trusted.text).toBe(0);
    const unknown = await status(address, {});
    expect(unknown.code).toBe(1);
    expect(unknown.text).toMatch(/self-signed certificate/);
    await redis.stop();
  });
});
