/** `alphalora worker`: measures matrices for others, until it is stopped. */
import { availableParallelism, hostname } from 'node:os';
import type { WorkerEvent } from '@alphalora/cluster';
import { defined } from '@alphalora/contracts';
import { defaultCacheFolder, remoteSettings } from '@alphalora/measuring';
import { loadCluster, queueAddress } from '../../cluster/load.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tell } from '../../output/printable.js';
import { preparationOf } from '../../plugins/index.js';
import type { WorkerOptions } from './command.js';

export async function run(queue: string, options: WorkerOptions, io: Io): Promise<ExitCode> {
  const { root: roots = [], jobs = availableParallelism(), json } = options;
  const { exitWhenIdle, jobTimeout, maxMemory } = options;
  const cluster = await loadCluster();
  const address = queueAddress(cluster, queue);
  const say = (text: string): void => void tell(io.stderr, `${text}`);
  let warned = false;
  const running = await cluster.startMeasuringWorker({
    address,
    roots,
    jobs,
    lockSeconds: options.lock,
    name: `${hostname()}:${process.pid}`,
    remote: () => remoteSettings(process.env),
    ...defined({ maxMemory, jobTimeout, preparation: preparationOf(io) }),
    ...(options.cache && { cache: options.cacheDir ?? defaultCacheFolder(process.env) }),
    onNotKept: (why) => {
      if (!warned) say(`warning: spectra are not kept (${why}); --cache-dir names another folder`);
      warned = true;
    },
    ...defined({ idleSeconds: exitWhenIdle }),
    onEvent: (event) => {
      if (json) io.stdout.write(`${JSON.stringify(recordOf(event))}\n`, 'data');
      else if (event.kind !== 'started') say(sentence(event));
    },
  });
  const readable = ['hf://', ...roots].join(', ');
  say(`working for ${cluster.formatQueueAddress(address)}, ${jobs} at a time; reads ${readable}`);
  const stop = (): void => void running.stop();
  io.signal.addEventListener('abort', stop, { once: true });
  if (io.signal.aborted) stop();
  await running.stopped;
  say('stopped');
  return exitCodes.done;
}

/** For programs: the job by its names only. */
function recordOf(event: WorkerEvent): Record<string, unknown> {
  if (event.kind === 'notice') return { ...event };
  const { job, ...rest } = event;
  return { ...rest, model: job.model, matrix: job.matrix };
}

function sentence(event: Exclude<WorkerEvent, { kind: 'started' }>): string {
  switch (event.kind) {
    case 'notice':
      return event.text;
    case 'done':
      return `done in ${event.seconds.toFixed(1)} s: ${event.job.matrix}`;
    case 'failed': {
      const next = event.final ? '' : '; it will be retried';
      return `failed: ${event.job.matrix}: ${event.reason}${next}`;
    }
    case 'returned':
      return `given back: ${event.job.matrix}`;
    case 'lost':
      return `reassigned to another worker, since this one sent no heartbeat in time: ${event.job.matrix}`;
  }
}
