/** Opening and measuring a model: what `analyze`, `allocate` and `plan` have in common. */
import {
  type Aggregate,
  AlphaLoraError,
  type Analysis,
  defined,
  type Precision,
} from '@alphalora/contracts';
import { requireMeasured } from '@alphalora/documents';
import { type FarmsOptions, resolveMetrics } from '@alphalora/htsr-core';
import {
  type AnalyzeModelOptions,
  analyzeModel,
  defaultCacheFolder,
  type OpenedModel,
  openModel,
  remoteSettings,
} from '@alphalora/measuring';
import { loadCluster, queueAddress } from '../cluster/load.js';
import { orInterruption } from '../interrupt.js';
import type { Io } from '../io.js';
import { tell } from '../output/printable.js';
import { downloadLine, progressLine } from '../output/progress.js';
import { parseShard } from '../shard.js';
import type { GateOptions } from '../thresholds.js';

/** How a model is opened. */
export interface OpeningOptions {
  splitFused?: boolean;
  adapter?: string;
  offline?: boolean;
  download?: boolean;
}

export interface MeasuringOptions extends GateOptions, OpeningOptions {
  estimator: string;
  tail?: number;
  /** @default 'mean' */
  aggregate?: Aggregate;
  metrics?: string[];
  bootstrap: number;
  seed: number;
  farms?: boolean;
  farmsSize?: { rows: number; ratio: number };
  farmsWindows?: number;
  include?: string[];
  exclude?: string[];
  engine: string;
  build: string;
  precision: Precision;
  jobs?: number;
  maxMemory?: number;
  /** `false` with --no-cache. */
  cache: boolean;
  cacheDir?: string;
  shard?: string;
  /** Address of the queue whose workers measure; otherwise this machine does. */
  queue?: string;
  json?: boolean;
}

/** Opens a model for the time that `use` takes. */
export async function withModel<Result>(
  path: string,
  { splitFused = false, adapter, offline = false, download = false }: OpeningOptions,
  { signal, stderr }: Io,
  use: (model: OpenedModel) => Promise<Result>,
): Promise<Result> {
  const line = downloadLine(stderr);
  const model = await openModel(path, {
    splitFused,
    offline,
    download,
    signal,
    onDownload: line.update,
    ...defined({ adapter }),
    remote: () => remoteSettings(process.env),
    onNotice: (text) => {
      line.clear();
      tell(stderr, text);
    },
  }).finally(line.clear);
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/** @param source what the document calls the model, where that is not what it says of itself */
export async function measure(
  model: OpenedModel,
  options: MeasuringOptions,
  io: Io,
  source?: string,
): Promise<Analysis> {
  requireMeasured(options.failOn ?? [], resolveMetrics(options.metrics));
  const { farms: _, shard, cache, cacheDir, failOn: __, queue, ...given } = options;
  const farms = chosenFarms(options);
  const progress = progressLine(io.stderr);
  const onNotice = (text: string): void => {
    progress.clear();
    tell(io.stderr, text);
  };
  const queued = queue === undefined ? {} : await onQueue(queue, options, { ...io, onNotice });
  try {
    return await analyzeModel(model, {
      ...given,
      ...queued,
      signal: io.signal,
      onNotice,
      ...defined({ source }),
      ...(farms && { farms }),
      ...(shard !== undefined && { shard: parseShard(shard) }),
      ...(cache && { cache: cacheDir ?? defaultCacheFolder(process.env) }),
      onProgress: ({ found, received, ...state }) => progress.update(state, found, received),
      onNotKept: (why) =>
        onNotice(`warning: spectra are not kept (${why}); --cache-dir names another folder`),
    });
  } catch (error) {
    throw orInterruption(error, io, keptOf(options));
  } finally {
    progress.clear();
  }
}

/** What there is of measurements that were interrupted. */
function keptOf({ queue, cache }: MeasuringOptions): string {
  if (queue !== undefined) return 'the workers go on: the same command attaches to the run again';
  return cache
    ? 'the matrices that were done are kept: the same command goes on from there'
    : 'nothing was kept, because of --no-cache';
}

/** Has the workers of a queue measure. */
async function onQueue(
  queue: string,
  options: MeasuringOptions,
  { signal, onNotice }: Pick<Io, 'signal'> & { onNotice: (text: string) => void },
): Promise<Pick<AnalyzeModelOptions, 'pipeline'>> {
  requireNoLimits(options);
  const cluster = await loadCluster();
  const address = queueAddress(cluster, queue);
  return { pipeline: cluster.queuePipeline({ address, signal, onNotice }) };
}

/** @throws AlphaLoraError `INVALID_OPTION` for options that are about the machine that measures */
function requireNoLimits(options: MeasuringOptions): void {
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

/** Each of the three options turns the sampling on. */
export function chosenFarms(options: MeasuringOptions): FarmsOptions | undefined {
  const { farms, farmsSize, farmsWindows: windows } = options;
  if (!farms && farmsSize === undefined && windows === undefined) return undefined;
  return { ...farmsSize, ...defined({ windows }) };
}
