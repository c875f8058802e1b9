/** Measuring a model: what `analyze`, `allocate` and `plan` have in common. */
import { AlphaLoraError, type Analysis, defined } from '@alphalora/contracts';
import { requireMeasured } from '@alphalora/documents';
import { type FarmsOptions, resolveMetrics } from '@alphalora/htsr-core';
import {
  type AnalyzeModelOptions,
  analyzeModel,
  defaultCacheFolder,
  type Forecast,
  forecastModel,
  type OpenedModel,
  type Shard,
} from '@alphalora/measuring';
import { loadCluster, queueAddress } from '../cluster/load.js';
import { orInterruption } from '../interrupt.js';
import type { Io } from '../io.js';
import type { MeasuringOptions, RemoteOptions } from '../options/measuring.js';
import { tell } from '../output/printable.js';
import { progressLine } from '../output/progress.js';
import { preparationOf } from '../plugins/index.js';

type Options = MeasuringOptions & RemoteOptions;

interface Further {
  /** What the document calls the model, where that is not what it says of itself. */
  source?: string | undefined;
  /** The part that is measured here. */
  shard?: Shard | undefined;
  /** Folder for the eigenvalues. */
  spectra?: string | undefined;
}

export async function measure(
  model: OpenedModel,
  options: Options,
  io: Io,
  { source, shard, spectra }: Further = {},
): Promise<Analysis> {
  requireMeasured(options.failOn ?? [], resolveMetrics(options.metrics));
  const { queue } = options;
  const progress = progressLine(io.stderr);
  const onNotice = (text: string): void => {
    progress.clear();
    tell(io.stderr, text);
  };
  if (queue !== undefined) requireNoLimits(options, { shard, spectra }, model);
  const pipeline = queue === undefined ? undefined : await queuePipeline(queue, io, onNotice);
  try {
    return await analyzeModel(model, {
      ...settingsOf(options, io),
      ...defined({ source, shard, spectra, pipeline }),
      signal: io.signal,
      onNotice,
      onProgress: progress.update,
      onNotKept: (why) =>
        onNotice(`warning: spectra are not kept (${why}); --cache-dir names another folder`),
    });
  } catch (error) {
    throw orInterruption(error, io, keptOf(options));
  } finally {
    progress.clear();
  }
}

/** The analysis as it will be, but for its numbers: what can be checked before they are measured. */
export function rehearsed(model: OpenedModel, options: Options, io: Io): Promise<Analysis> {
  const { cache: _, ...settings } = settingsOf(options, io);
  return analyzeModel(model, { ...settings, signal: io.signal, rehearse: true });
}

/** What measuring would take; warnings go to stderr. */
export async function forecast(
  model: OpenedModel,
  options: Options,
  io: Io,
  { shard }: Pick<Further, 'shard'> = {},
): Promise<Forecast> {
  const found = await forecastModel(model, { ...settingsOf(options, io), ...defined({ shard }) });
  for (const note of found.notes) tell(io.stderr, `warning: ${note}`);
  return found;
}

/** What the library is asked for by the options. */
function settingsOf(options: MeasuringOptions, io: Io): AnalyzeModelOptions {
  const { include, exclude, stack, cache, cacheDir = defaultCacheFolder(process.env) } = options;
  const { estimator, tail, tailShare, bag, minTail, evalsThreshold, aggregate, cap } = options;
  const { metrics, draws, bootstrap, seed } = options;
  const { engine, build, precision, jobs, maxMemory } = options;
  return {
    estimator,
    seed,
    engine,
    build,
    precision,
    ...defined({ include, exclude, stack, jobs, maxMemory, farms: chosenFarms(options) }),
    ...defined({ tail, tailShare, bag, minTail, evalsThreshold, aggregate, cap }),
    ...defined({ metrics, draws, bootstrap }),
    ...defined({ cache: cache ? cacheDir : undefined, preparation: preparationOf(io) }),
  };
}

/** Each of the four options turns the sampling on. */
function chosenFarms(options: MeasuringOptions): FarmsOptions | undefined {
  const { farms, farmsSize, farmsWindows: windows, farmsUpright: upright } = options;
  if (!(farms || upright) && farmsSize === undefined && windows === undefined) return undefined;
  return { ...farmsSize, ...defined({ windows, upright }) };
}

/** What there is of measurements that were interrupted. */
function keptOf({ queue, cache }: MeasuringOptions): string {
  if (queue !== undefined) return 'the workers continue: run the same command to attach again';
  return cache
    ? 'finished matrices are kept: run the same command to resume'
    : 'nothing was kept, because of --no-cache';
}

/** Has the workers of a queue measure. */
async function queuePipeline(
  queue: string,
  { signal }: Pick<Io, 'signal'>,
  onNotice: (text: string) => void,
): Promise<AnalyzeModelOptions['pipeline']> {
  const cluster = await loadCluster();
  const address = queueAddress(cluster, queue);
  return cluster.queuePipeline({ address, signal, onNotice });
}

/** @throws AlphaLoraError `INVALID_OPTION` for options that are about the machine that measures */
function requireNoLimits(
  options: Options,
  { shard, spectra }: Further,
  { checkpoint }: OpenedModel,
): void {
  const { jobs, maxMemory, cacheDir, cache, download = false } = options;
  const refuse = (flag: string, instead: string): never => {
    throw new AlphaLoraError('INVALID_OPTION', `${flag} does not go with --queue: ${instead}`);
  };
  if (shard !== undefined) refuse('--shard', 'a queue divides the work by itself');
  if (checkpoint.base !== undefined) {
    refuse('--base', 'its workers open one model; measure here, or in parts with --shard');
  }
  if (spectra !== undefined) {
    refuse('--save-spectra', 'its workers do not send spectra; use --shard to divide the work');
  }
  if (download) refuse('--download', 'no weights are read here');
  const flags = { '--jobs': jobs, '--max-memory': maxMemory, '--cache-dir': cacheDir };
  for (const [flag, value] of Object.entries(flags))
    if (value !== undefined) refuse(flag, 'give it to alphalora worker');
  if (!cache) refuse('--no-cache', 'give it to alphalora worker');
}
