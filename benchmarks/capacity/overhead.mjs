/**
 * What the queue itself costs: jobs that compute nothing, with results of the usual size, asked for at
 * once and answered by workers in processes of their own. Time a job, and the memory of the side that
 * asks, measured after a collection.
 *
 *   node --expose-gc benchmarks/capacity/overhead.mjs [--jobs 10000] [--workers 1] [--concurrency 1]
 *
 * Needs redis-server.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import {
  openCoordinator,
  parseQueueAddress,
  startWorker,
} from '../../packages/cluster/dist/index.js';
import { machine, peakBytes } from '../lib.mjs';
import { withQueue } from './lib.mjs';

/** As large as a measurement with 200 draws. */
const result = {
  measurement: { alpha: 2.5, metrics: {}, draws: Array.from({ length: 300 }, Math.random) },
};

if (process.send) {
  const [url, concurrency] = process.argv.slice(2);
  await startWorker({
    address: parseQueueAddress(url),
    concurrency: Number(concurrency),
    compute: async () => result,
  });
  process.send('ready');
} else {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '10000' },
      workers: { type: 'string', default: '1' },
      concurrency: { type: 'string', default: '1' },
    },
  });
  console.log(JSON.stringify(await withQueue((url) => measure(url, values))));
}

async function measure(url, { jobs, workers, concurrency }) {
  const children = Array.from({ length: Number(workers) }, () =>
    fork(new URL(import.meta.url), [url, concurrency], { execArgv: [] }),
  );
  try {
    await Promise.all(children.map((child) => new Promise((go) => child.once('message', go))));
    const coordinator = await openCoordinator({ address: parseQueueAddress(url) });
    const count = Number(jobs);
    const heap = [heapMegabytes()];
    const started = performance.now();
    let done = 0;
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        coordinator
          .run({
            format: 1,
            tool: 'benchmark',
            model: '/model',
            content: 'c',
            layout: 'l',
            matrix: `model.layers.${i}.self_attn.q_proj.weight`,
            options: {},
          })
          .then(() => {
            if (++done % Math.ceil(count / 5) === 0) heap.push(heapMegabytes());
          }),
      ),
    );
    const seconds = (performance.now() - started) / 1000;
    await coordinator.close();
    return {
      ...machine(),
      jobs: count,
      workers: Number(workers),
      concurrency: Number(concurrency),
      seconds: Number(seconds.toFixed(1)),
      millisecondsPerJob: Number(((1000 * seconds) / count).toFixed(2)),
      heapMegabytesAtEachFifth: heap,
      mostResidentMegabytes: Math.round(peakBytes() / 2 ** 20),
    };
  } finally {
    for (const child of children) child.kill();
  }
}

function heapMegabytes() {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e6);
}
