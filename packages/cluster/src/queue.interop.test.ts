/** Coordinator and workers over a real server, with everything that can happen to them in between. */
import { setTimeout as delay } from 'node:timers/promises';
import { AlphaLoraError } from '@alphalora/contracts';
import { describeUnless } from '@alphalora/testing/lacking';
import { type RedisServer, redisLacks, startRedis } from '@alphalora/testing/redis';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { parseQueueAddress, type QueueAddress } from './address.js';
import { type Coordinator, type CoordinatorOptions, openCoordinator } from './coordinator.js';
import { jobKey, type MatrixJob } from './job.js';
import { queueStatus } from './status.js';
import { type Compute, type QueueWorkerOptions, startWorker, type WorkerEvent } from './worker.js';

function job(matrix: string, options: Record<string, unknown> = {}): MatrixJob {
  const place = { model: '/model', content: 'c', layout: 'l' };
  return { format: 1, tool: 'test 1', ...place, matrix, options };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `matrix-${i}`);

describeUnless(redisLacks, 'a queue', () => {
  let redis: RedisServer;
  let count = 0;
  let address: QueueAddress;
  const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis?.stop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close?.() ?? each.stop?.()));
  });

  function fresh(): void {
    address = parseQueueAddress(redis.url(`queue-${++count}`));
  }
  async function coordinator(options: Partial<CoordinatorOptions> = {}): Promise<Coordinator> {
    const opened = await openCoordinator({ address, retryDelay: 50, ...options });
    open.push(opened);
    return opened;
  }
  async function worker(compute: Compute, options: Partial<QueueWorkerOptions> = {}) {
    const events: WorkerEvent[] = [];
    const onEvent = (event: WorkerEvent): void => void events.push(event);
    const started = await startWorker({ address, compute, onEvent, lockSeconds: 1, ...options });
    open.push(started);
    return { ...started, events };
  }
  const kinds = (events: readonly WorkerEvent[]): string[] => events.map(({ kind }) => kind);
  const echo: Compute = async ({ matrix }) => ({ of: matrix });

  it('gives every job its own answer, started in the order of asking', async () => {
    fresh();
    const order: string[] = [];
    const asking = await coordinator();
    const answers = names(40).map((name) => asking.run(job(name)));
    await worker(async ({ matrix }) => {
      order.push(matrix);
      return { of: matrix };
    });
    expect(await Promise.all(answers)).toEqual(
      names(40).map((name) => ({ result: { of: name }, known: false })),
    );
    expect(order).toEqual(names(40));
  });

  it('keeps every bit of a number', async () => {
    fresh();
    const numbers = [Number.MIN_VALUE, 0.1 + 0.2, 1 / 3, Number.MAX_VALUE, 2 ** -1022 / 3, 1e21];
    await worker(async () => numbers);
    const { result } = await (await coordinator()).run(job('a'));
    expect(result).toEqual(numbers);
  });

  it('reports progress on the way', async () => {
    fresh();
    const parts: number[] = [];
    await worker(async (_, { onProgress }) => {
      for (let part = 0; part < 30; part++) {
        onProgress(part / 30);
        await delay(100);
      }
      return 1;
    });
    await (await coordinator()).run(job('a'), { onProgress: (part) => void parts.push(part) });
    expect(parts).toHaveLength(1);
    expect(parts[0]).toBeGreaterThan(0.5);
  });

  it('does nothing twice: equal jobs share an answer, also across runs', async () => {
    fresh();
    let computed = 0;
    await worker(async () => ++computed);
    const first = await coordinator();
    const both = await Promise.all([first.run(job('a')), first.run(job('a'))]);
    expect(both.map(({ result }) => result)).toEqual([1, 1]);
    const second = await coordinator();
    expect(await second.run(job('a'))).toEqual({ result: 1, known: true });
    expect(await second.run(job('a', { seed: 2 }))).toEqual({ result: 2, known: false });
  });

  it('can be left and attached to again', async () => {
    fresh();
    const leaving = new AbortController();
    const first = await coordinator({ signal: leaving.signal });
    const left = names(6).map((name) => first.run(job(name)));
    const rejected = Promise.allSettled(left);
    let computed = 0;
    await worker(async ({ matrix }) => {
      // The run is left while the third is under way.
      if (++computed === 3) leaving.abort(new Error('enough'));
      await delay(20);
      return matrix;
    });
    const outcomes = await rejected;
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(4);
    await expect(first.run(job('more'))).rejects.toThrow('enough');
    const second = await coordinator();
    const answers = await Promise.all(names(6).map((name) => second.run(job(name))));
    expect(answers.map(({ result }) => result)).toEqual(names(6));
    expect(answers[0]!.known).toBe(true);
    expect(computed).toBe(6);
  });

  it('tries three times, then gives the reason; the rest completes', async () => {
    fresh();
    const attempts: Record<string, number> = {};
    const { events } = await worker(async ({ matrix }) => {
      attempts[matrix] = (attempts[matrix] ?? 0) + 1;
      if (matrix === 'flaky' && attempts[matrix]! < 3) throw new Error('the disk is away');
      if (matrix === 'broken') throw new AlphaLoraError('IO_FAILED', 'the disk is gone');
      if (matrix === 'nan') throw new AlphaLoraError('NO_SPECTRUM', 'nan: contains NaN');
      return matrix;
    });
    const asking = await coordinator();
    const outcome = (name: string) => asking.run(job(name)).catch((error) => error);
    const [fine, flaky, broken, nan] = await Promise.all(
      ['fine', 'flaky', 'broken', 'nan'].map(outcome),
    );
    expect([fine.result, flaky.result]).toEqual(['fine', 'flaky']);
    expect(broken).toMatchObject({ code: 'ENGINE_FAILED', message: 'the disk is gone' });
    // What the matrix itself is at fault for is not tried again.
    expect(nan).toMatchObject({ code: 'ENGINE_FAILED', message: 'nan: contains NaN' });
    expect(attempts).toEqual({ fine: 1, flaky: 3, broken: 3, nan: 1 });
    const finals = events.filter((event) => event.kind === 'failed' && event.final);
    expect(finals).toHaveLength(2);

    const { counts, failures, workers } = await queueStatus(address);
    expect(counts).toEqual({ waiting: 0, active: 0, delayed: 0, completed: 2, failed: 2 });
    expect(failures.map(({ matrix, reason, attempts }) => [matrix, reason, attempts])).toEqual(
      expect.arrayContaining([
        ['broken', 'the disk is gone', 3],
        ['nan', 'nan: contains NaN', 1],
      ]),
    );
    expect(workers).toHaveLength(1);

    // Who asks again has mended something.
    await asking.close();
    const again = await (await coordinator()).run(job('broken')).catch((error) => error);
    expect(again.message).toBe('the disk is gone');
    expect(attempts['broken']).toBe(6);
  });

  it('takes no wrong answer: the job is given out again, and fails when all are wrong', async () => {
    fresh();
    const notices: string[] = [];
    const asking = await coordinator({ onNotice: (text) => void notices.push(text) });
    const given: Record<string, number> = {};
    await worker(
      async ({ matrix }) => {
        given[matrix] = (given[matrix] ?? 0) + 1;
        return matrix === 'wrong' || given[matrix]! < 3 ? { of: 'another' } : { of: matrix };
      },
      { name: 'bad\u001b[31m\nworker' },
    );
    const answerTo = (name: string) =>
      asking.run(job(name), {
        check: (result) => {
          if ((result as { of: string }).of !== name) throw new Error('it is of another matrix');
        },
      });
    const [late, wrong] = await Promise.all([
      answerTo('late'),
      answerTo('wrong').catch((error) => error),
    ]);
    expect(late).toEqual({ result: { of: 'late' }, known: false });
    expect(wrong).toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'it is of another matrix (3 wrong answers)',
    });
    expect(given).toEqual({ late: 3, wrong: 3 });
    const about = notices.filter((text) => /sent a wrong answer/.test(text)).sort();
    const said = (name: string, next: string): string =>
      `worker bad [31m worker sent a wrong answer for ${name}: it is of another matrix; ${next}`;
    const again = 'it is given out again';
    expect(about).toEqual(
      [
        ...['late', 'late', 'wrong', 'wrong'].map((name) => said(name, again)),
        said('wrong', 'it counts as failed'),
      ].sort(),
    );
    // Nobody finds the wrong answers later.
    expect((await queueStatus(address)).counts).toMatchObject({ completed: 1, failed: 0 });
  });

  it('takes no wrong answer of an earlier run, nor one that is no JSON', async () => {
    fresh();
    await worker(async () => 'old');
    await (await coordinator()).run(job('a'));
    await (await coordinator()).run(job('b'));
    const client = new Redis(redis.port);
    await client.hset(`bull:${address.name}:${jobKey(job('b'))}`, 'returnvalue', '{"half":');
    client.disconnect();
    await Promise.all(open.splice(0).map((each) => each.close?.() ?? each.stop?.()));
    await worker(async () => 'new');
    const asking = await coordinator();
    const check = (result: unknown): void => {
      if (result !== 'new') throw new Error('not new');
    };
    for (const name of ['a', 'b']) {
      expect(await asking.run(job(name), { check })).toEqual({ result: 'new', known: false });
    }
  });

  it('hands a silent worker’s job to another, and refuses the late answer', async () => {
    fresh();
    const asking = await coordinator();
    const answer = asking.run(job('a'));
    // Without renewal the first worker looks frozen to the others.
    let aborted = false;
    const frozen = await worker(
      async (_, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        await delay(4000);
        return 'late';
      },
      { lockSeconds: 1, name: 'frozen' },
    );
    await delay(200);
    const client = new Redis(redis.port);
    const lock = `bull:${address.name}:${jobKey(job('a'))}:lock`;
    const strip = setInterval(() => void client.del(lock), 50);
    await delay(1500);
    await worker(async () => 'in time', { name: 'other' });
    while (!aborted) await delay(50);
    clearInterval(strip);
    client.disconnect();
    expect((await answer).result).toBe('in time');
    await delay(2500);
    expect(kinds(frozen.events)).toContain('lost');
    expect(kinds(frozen.events)).not.toContain('done');
    expect((await queueStatus(address)).counts).toMatchObject({ completed: 1, failed: 0 });
  });

  it('keeps the lock of a job that takes many times as long', async () => {
    fresh();
    let started = 0;
    const slow: Compute = async () => {
      started++;
      await delay(4000);
      return 'done';
    };
    await worker(slow);
    await worker(slow);
    expect((await (await coordinator()).run(job('a'))).result).toBe('done');
    expect(started).toBe(1);
  });

  it('gives what is running back when a worker stops, without counting an attempt', async () => {
    fresh();
    const asking = await coordinator({ attempts: 1 });
    const answers = ['a', 'b'].map((name) => asking.run(job(name)));
    const never: Compute = (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const leaving = await worker(never, { concurrency: 2 });
    while (kinds(leaving.events).length < 2) await delay(20);
    await leaving.stop();
    await leaving.stopped;
    expect(kinds(leaving.events).slice(2)).toEqual(['returned', 'returned']);
    expect((await queueStatus(address)).counts).toMatchObject({ waiting: 2, active: 0 });
    await worker(echo);
    expect((await Promise.all(answers)).map(({ result }) => result)).toEqual([
      { of: 'a' },
      { of: 'b' },
    ]);
  });

  it('lets a worker end by itself when nothing is left', async () => {
    fresh();
    const asking = await coordinator();
    const idle = await worker(echo, { idleSeconds: 1 });
    await asking.run(job('a'));
    await idle.stopped;
  });

  it('shows who works on what', async () => {
    fresh();
    const asking = await coordinator();
    const answers = names(5).map((name) => asking.run(job(name)));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const compute: Compute = async () => void (await held);
    const one = await worker(compute, { name: 'host-1:7' });
    const two = await worker(compute, { name: 'host-2:8', concurrency: 2 });
    while (one.events.length + two.events.length < 3) await delay(20);
    const status = await queueStatus(address);
    expect(status).toMatchObject({ paused: false, counts: { waiting: 2, active: 3 } });
    expect(status.workers.map(({ name, measuring }) => [name, measuring.length])).toEqual([
      ['host-1:7', 1],
      ['host-2:8', 2],
    ]);
    expect(status.warnings).toEqual([]);
    release();
    await Promise.all(answers);
  });

  it('refuses jobs that were tampered with, without computing anything', async () => {
    fresh();
    let computed = 0;
    await worker(async () => ++computed);
    const queue = new Queue(address.name, { connection: { port: redis.port } });
    const bad: [string, unknown][] = [
      ['1', job('a')],
      [jobKey(job('a')), job('b')],
      ['text', 'rm -rf'],
      ['code', { ...job('a'), require: 'fs' }],
    ];
    for (const [jobId, data] of bad) await queue.add('x', data, { jobId: `x${jobId}` });
    while ((await queue.getFailedCount()) < bad.length) await delay(20);
    for (const { failedReason } of await queue.getFailed())
      expect(failedReason).toMatch(/not a job of this program/);
    expect(computed).toBe(0);
    await queue.close();
  });

  it('refuses a job that is too large', async () => {
    fresh();
    const big = job('a', { note: 'x'.repeat(70_000) });
    await expect((await coordinator()).run(big)).rejects.toThrow(/over 64 kB/);
  });
});

describeUnless(redisLacks, 'the server', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('may restart in the middle (%s)', async (signal) => {
    const redis = await startRedis('--appendfsync', 'always');
    const address = parseQueueAddress(redis.url('restart'));
    const notices: string[] = [];
    const computed: Record<string, number> = {};
    const compute: Compute = async ({ matrix }) => {
      computed[matrix] = (computed[matrix] ?? 0) + 1;
      await delay(50);
      return matrix;
    };
    const asking = await openCoordinator({ address, onNotice: (text) => notices.push(text) });
    const workers = [
      await startWorker({ address, compute }),
      await startWorker({ address, compute }),
    ];
    try {
      let done = 0;
      const answers = names(60).map((name) => asking.run(job(name)).then(() => ++done));
      while (done < 20) await delay(10);
      await redis.restart(signal, 500);
      await Promise.all(answers);
      expect(Object.values(computed)).toEqual(names(60).map(() => 1));
      expect(notices).toEqual([
        expect.stringMatching(/lost the connection/),
        expect.stringMatching(/again$/),
      ]);
    } finally {
      await Promise.all([asking.close(), ...workers.map((each) => each.stop())]);
      await redis.stop();
    }
  });

  it('may lose all that it knew', async () => {
    const redis = await startRedis();
    const address = parseQueueAddress(redis.url('forgetful'));
    const asking = await openCoordinator({ address, sweepInterval: 300 });
    try {
      const answers = names(5).map((name) => asking.run(job(name)));
      const client = new Redis(redis.port);
      while ((await client.dbsize()) < 5) await delay(20);
      await client.flushall();
      client.disconnect();
      const worker = await startWorker({ address, compute: async ({ matrix }) => matrix });
      expect((await Promise.all(answers)).map(({ result }) => result)).toEqual(names(5));
      await worker.stop();
    } finally {
      await asking.close();
      await redis.stop();
    }
  });

  it('that is not there, or wants a password, is named at once', async () => {
    const gone = parseQueueAddress('redis://127.0.0.1:1/run');
    await expect(openCoordinator({ address: gone })).rejects.toThrow(
      /cannot use the queue redis:\/\/127\.0\.0\.1:1\/run: .*ECONNREFUSED.*running/,
    );
    const redis = await startRedis('--requirepass', 'open sesame');
    try {
      const url = redis.url('run');
      const denied = /cannot use the queue .*(NOAUTH|WRONGPASS).*password of the server/;
      await expect(queueStatus(parseQueueAddress(url))).rejects.toThrow(denied);
      const wrong = parseQueueAddress(url, { password: 'hidden' });
      await expect(queueStatus(wrong)).rejects.toThrow(denied);
      await expect(queueStatus(wrong)).rejects.not.toThrow(/hidden/);
      const right = parseQueueAddress(url, { password: 'open sesame' });
      expect((await queueStatus(right)).counts.waiting).toBe(0);
    } finally {
      await redis.stop();
    }
  });

  it('is warned about when it may forget', async () => {
    const settings = ['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'];
    const redis = await startRedis(...settings);
    const { warnings } = await queueStatus(parseQueueAddress(redis.url('run')));
    expect(warnings).toEqual([
      expect.stringContaining('noeviction'),
      expect.stringContaining('appendonly yes'),
    ]);
    await redis.stop();
  });
});
