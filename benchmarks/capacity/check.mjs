/**
 * Does the simulation tell the truth? Runs over a real queue with 1, 2 and 4 workers, beside what the
 * simulation makes of the same jobs.
 *
 *   npm run setup
 *   node benchmarks/capacity/check.mjs            jobs that only wait: the queue and the order of things
 *   node benchmarks/capacity/check.mjs --measure  matrices that are measured, on the cores of this machine
 *
 * With --measure, the work of each matrix is its share of the processor time of the run with one
 * worker, and the cores are those that the workers were given, which other programs also want: their
 * processor time by the clock's. Needs redis-server; --measure needs Linux.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { encodeValues, serializeSafetensors } from '../../packages/checkpoint/dist/index.js';
import {
  openCoordinator,
  parseQueueAddress,
  startWorker,
} from '../../packages/cluster/dist/index.js';
import { fillMatrix, machine, uniform } from '../lib.mjs';
import { processorSeconds, withQueue } from './lib.mjs';
import { simulate } from './simulation.mjs';

/** Seconds that the queue takes for a job; benchmarks/capacity/overhead.mjs measures it. */
const PER_JOB = 0.0007;
const WORKERS = [1, 2, 4];
const main = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

if (process.send) {
  await startWorker({
    address: parseQueueAddress(process.argv[2]),
    compute: ({ options }) => delay(1000 * options.seconds),
  });
  process.send('ready');
} else {
  console.log(JSON.stringify(machine()));
  if (process.argv.includes('--measure')) await measured();
  else await waited();
}

/** The mix of a model's blocks: a few long ones, many short ones. */
async function waited() {
  const random = uniform(1);
  const seconds = Array.from({ length: 120 }, () => 0.05 / (0.1 + random())).sort((a, b) => b - a);
  for (const workers of WORKERS) {
    const took = await withQueue(async (url) => {
      const children = Array.from({ length: workers }, () =>
        fork(new URL(import.meta.url), [url], { execArgv: [] }),
      );
      await Promise.all(children.map((child) => new Promise((go) => child.once('message', go))));
      const coordinator = await openCoordinator({ address: parseQueueAddress(url) });
      const started = performance.now();
      const place = { model: '/model', content: 'c', layout: 'l' };
      await Promise.all(
        seconds.map((each, i) =>
          coordinator.run({
            format: 1,
            tool: 'benchmark',
            ...place,
            matrix: `${i}`,
            options: { seconds: each },
          }),
        ),
      );
      const passed = (performance.now() - started) / 1000;
      await coordinator.close();
      for (const child of children) child.kill();
      return passed;
    });
    report(workers, took, simulate({ seconds, workers, perJob: PER_JOB }));
  }
}

async function measured() {
  const folder = mkdtempSync(join(tmpdir(), 'alphalora-check-'));
  try {
    const sizes = [...Array(30).fill(1024), ...Array(60).fill(640)];
    writeFileSync(
      join(folder, 'model.safetensors'),
      Buffer.concat(serializeSafetensors({ tensors: sizes.map(tensor) })),
    );
    let work;
    for (const workers of WORKERS) {
      const { took, processor, seconds } = await withQueue((url) => runOf(url, folder, workers));
      const sum = seconds.reduce((a, b) => a + b, 0);
      work ??= seconds.map((each) => (each * processor) / sum);
      const cores = processor / took;
      report(workers, took, simulate({ seconds: work, workers, cores, perJob: PER_JOB }), cores);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @returns seconds from the first start to the last result, of the processor in all, and of each
 *   matrix in the order of asking
 */
async function runOf(url, folder, workers) {
  const events = [];
  const args = [main, 'worker', url, '--root', folder, '--jobs', '1', '--no-cache', '--json'];
  const children = Array.from({ length: workers }, () => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    child.stdout.on('data', (data) => {
      const lines = `${rest}${data}`.split('\n');
      rest = lines.pop();
      for (const line of lines) events.push({ ...JSON.parse(line), at: performance.now() / 1000 });
    });
    return child;
  });
  // Each says on stderr that it works.
  await Promise.all(children.map((child) => new Promise((go) => child.stderr.once('data', go))));
  const asking = spawn(process.execPath, [main, 'analyze', folder, '--queue', url], {
    stdio: 'ignore',
  });
  const before = processorSeconds(children);
  await new Promise((go) => asking.once('close', go));
  const processor = processorSeconds(children) - before;
  for (const child of children) child.kill();
  const done = events.filter(({ kind }) => kind === 'done');
  const took = done.at(-1).at - events[0].at;
  return { took, processor, seconds: done.map(({ seconds }) => seconds) };
}

function tensor(size, block) {
  const values = new Float32Array(size * size);
  fillMatrix(values, size, 'heavy', uniform(block + 1));
  const name = `model.layers.${block}.self_attn.q_proj.weight`;
  return { name, dtype: 'F32', shape: [size, size], bytes: encodeValues(values, 'F32') };
}

function report(workers, took, expected, cores = workers) {
  const [run, simulated, given] = [took, expected, cores].map((each) => Number(each.toFixed(2)));
  const ratio = Number((took / expected).toFixed(3));
  console.log(JSON.stringify({ workers, cores: given, run, simulated, ratio }));
}
