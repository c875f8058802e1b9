/** The measuring of a whole model by the workers of a queue: one job for each matrix. */
import { resolve } from 'node:path';
import type { Checkpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { operations } from '@alphalora/htsr-core';
import { buildOf, isAddress, isOnHub, type Pipeline, type Work } from '@alphalora/measuring';
import { answerCheck, type WorkerAnswer } from './answer.js';
import { contentOf, jobOptions, layoutOf } from './job.js';
import { loadCluster, queueAddress } from './load.js';

export interface QueuePipelineOptions extends Work {
  /** `redis://host/name` */
  queue: string;
  checkpoint: Checkpoint;
  /** Options that are about the machine that measures. */
  limits: OwnOptions;
  signal: AbortSignal;
  /** Is told what concerns the run: lost connections, no workers. */
  onNotice: (text: string) => void;
}

/** @throws AlphaLoraError `INVALID_OPTION` for what workers do not read */
function readableElsewhere(model: string): string {
  if (!isAddress(model)) return isOnHub(model) ? model : resolve(model);
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${model}: workers read hf:// and paths that they share; download the file to one of those`,
  );
}

/** A hint that nobody is there to work comes after so long. */
const PATIENCE_MS = 5000;

interface OwnOptions {
  jobs?: number;
  maxMemory?: number;
  cacheDir?: string;
  cache: boolean;
  shard?: string;
  download?: boolean;
}

/** @throws AlphaLoraError `INVALID_OPTION` for options that would do nothing here */
function requireNone(options: OwnOptions): void {
  const { jobs, maxMemory, cacheDir, cache, shard, download = false } = options;
  const refuse = (flag: string, instead: string): never => {
    throw new AlphaLoraError('INVALID_OPTION', `${flag} does not go with --queue: ${instead}`);
  };
  if (shard !== undefined) refuse('--shard', 'a queue divides the work by itself');
  if (download) refuse('--download', 'no weights are read here');
  const flags = { '--jobs': jobs, '--max-memory': maxMemory, '--cache-dir': cacheDir };
  for (const [flag, value] of Object.entries(flags))
    if (value !== undefined) refuse(flag, 'give it to alphalora worker');
  if (!cache) refuse('--no-cache', 'give it to alphalora worker');
}

export async function createQueuePipeline(options: QueuePipelineOptions): Promise<Pipeline> {
  const { settings, units, queue, checkpoint, signal, onNotice, onMeasured } = options;
  requireNone(options.limits);
  const cluster = await loadCluster();
  const address = queueAddress(cluster, queue);
  // All workers use the one that this machine would, so the numbers do not depend on who measures.
  const build = await buildOf(settings);
  const { model, adapter, version } = settings;
  const common = {
    ...({ format: 1, tool: `alphalora ${version}` } as const),
    model: readableElsewhere(model),
    ...(adapter !== undefined && { adapter: readableElsewhere(adapter) }),
    content: await contentOf(checkpoint),
    layout: layoutOf(checkpoint),
    options: jobOptions({ ...settings, ...(build !== undefined && { build }) }),
  };
  // Typed, as functions that assert something have to be.
  const check: ReturnType<typeof answerCheck> = answerCheck(settings);
  const coordinator = await cluster.openCoordinator({ address, signal, onNotice });
  const hint = setTimeout(async () => {
    const workers = await coordinator.workers().catch(() => 1);
    if (workers > 0) return;
    const where = cluster.formatQueueAddress(address);
    onNotice(`no worker is connected; start some with: alphalora worker ${where}`);
  }, PATIENCE_MS);
  return {
    ...(build !== undefined && { build }),
    // All are asked for at once; the workers decide how many are measured at a time.
    concurrency: Math.max(1, units.length),
    async measure(unit, { onProgress }) {
      const { result, known } = await coordinator.run(
        { ...common, matrix: unit.name },
        { check: (answer) => check(unit, answer), ...(onProgress && { onProgress }) },
      );
      const { matrix: _, ...measured } = result as WorkerAnswer;
      onMeasured(unit, known ? { ...measured, found: operations(unit) } : measured);
      return measured.measurement;
    },
    async close() {
      clearTimeout(hint);
      await coordinator.close();
    },
  };
}
