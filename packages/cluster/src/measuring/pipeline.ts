/** The measuring of a whole model by the workers of a queue: one job for each matrix. */
import { resolve } from 'node:path';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { operations } from '@alphalora/htsr-core';
import {
  buildOf,
  type OpenedModel,
  type Pipeline,
  schemeOf,
  type Work,
} from '@alphalora/measuring';
import { formatQueueAddress, type QueueAddress } from '../address.js';
import { openCoordinator } from '../coordinator.js';
import { answerCheck, type WorkerAnswer } from './answer.js';
import { contentOf, jobOptions, layoutOf } from './options.js';

export interface QueuePipelineOptions {
  address: QueueAddress;
  /** Ends the waiting; the workers go on. */
  signal?: AbortSignal;
  /** Is told what concerns the run: lost connections, no workers. */
  onNotice?: (text: string) => void;
}

/** @throws AlphaLoraError `INVALID_OPTION` for what workers do not read */
function readableElsewhere(model: string): string {
  const scheme = schemeOf(model);
  if (scheme === 'path') return resolve(model);
  if (scheme === 'hf') return model;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${model}: workers read hf:// and paths that they share; download the file to one of those`,
  );
}

/** A hint that nobody is there to work comes after so long. */
const PATIENCE_MS = 5000;

/**
 * For `analyzeModel`: has the workers of a queue measure. Asking again attaches to what they have.
 *
 * @returns the option `pipeline`, which throws AlphaLoraError `INVALID_OPTION` for a model at an
 *   address, and `IO_FAILED` when the server cannot be reached or refuses the credentials
 */
export function queuePipeline(
  options: QueuePipelineOptions,
): (work: Work, model: OpenedModel) => Promise<Pipeline> {
  return (work, model) => createQueuePipeline(work, model, options);
}

async function createQueuePipeline(
  { settings, units, onMeasured }: Work,
  { checkpoint, reference }: OpenedModel,
  options: QueuePipelineOptions,
): Promise<Pipeline> {
  const { address, onNotice } = options;
  // All workers use the one that this machine would, so the numbers do not depend on who measures.
  const build = await buildOf(settings);
  const { model, adapter, splitFused, cast } = reference;
  const common = {
    ...({ format: 1, tool: `alphalora ${settings.version}` } as const),
    model: readableElsewhere(model),
    ...(adapter !== undefined && { adapter: readableElsewhere(adapter) }),
    content: await contentOf(checkpoint),
    layout: layoutOf(checkpoint),
    options: jobOptions({ ...settings, splitFused, ...defined({ build, cast }) }),
  };
  // Typed, as functions that assert something have to be.
  const check: ReturnType<typeof answerCheck> = answerCheck(settings);
  const coordinator = await openCoordinator(options);
  const hint = setTimeout(async () => {
    const workers = await coordinator.workers().catch(() => 1);
    if (workers > 0) return;
    const where = formatQueueAddress(address);
    onNotice?.(`no worker is connected; start some with: alphalora worker ${where}`);
  }, PATIENCE_MS);
  return {
    ...defined({ build }),
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
