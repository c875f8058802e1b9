/** Opening and measuring a model: what `analyze`, `allocate` and `plan` have in common. */
import { availableParallelism, totalmem } from 'node:os';
import type { Checkpoint } from '@alphalora/checkpoint/node';
import type { Aggregate, Analysis, Precision } from '@alphalora/contracts';
import {
  analyzeWith,
  type FarmsOptions,
  farmsOptions,
  measureRecord,
  operations,
  resolveMetrics,
  type SpectralUnit,
  unaskedReason,
} from '@alphalora/htsr-core';
import type { Io } from '../io.js';
import { accessAgain, openModel, receivedBytes, reopenable } from '../models/open.js';
import { fileStates, requireUnchanged } from '../models/state.js';
import { tell } from '../output/printable.js';
import { downloadLine, progressLine } from '../output/progress.js';
import { defaultCacheFolder } from '../pipeline/cache.js';
import { withModelDigest } from '../pipeline/identity.js';
import {
  chosenEstimator,
  type Measured,
  measurableUnits,
  requireEngine,
} from '../pipeline/measurer.js';
import { createPipeline, sampledUnit } from '../pipeline/pipeline.js';
import { assignShards, parseShard } from '../pipeline/shards.js';
import { toolVersion } from '../program.js';
import { type GateOptions, requireMeasured } from '../thresholds.js';
import { type Choice, selection } from './selection.js';

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
  use: (checkpoint: Checkpoint) => Promise<Result>,
): Promise<Result> {
  const line = downloadLine(stderr);
  const checkpoint = await openModel(path, {
    ...{ splitFused, offline, download, signal, onDownload: line.update },
    ...(adapter !== undefined && { adapter }),
    onNotice: (text) => {
      line.clear();
      tell(stderr, `${text}`);
    },
  }).finally(line.clear);
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** A model to measure: where it is, and what the document calls it. */
export interface OpenModel {
  checkpoint: Checkpoint;
  path: string;
  source: string;
}

export async function measure(
  { checkpoint, path, source: name }: OpenModel,
  options: MeasuringOptions,
  io: Io,
): Promise<Analysis> {
  const { engine, precision, bootstrap, seed, tail, splitFused = false } = options;
  // With the commit that a revision stood for, and without secrets of addresses.
  const source = name === path ? checkpoint.source : name;
  const adapter = checkpoint.adapter?.source;
  const access = accessAgain(path, checkpoint, options);
  const states = await fileStates(checkpoint);
  const estimator = await chosenEstimator(options);
  requireEngine(engine);
  const metrics = resolveMetrics(options.metrics);
  requireMeasured(options.failOn ?? [], metrics);
  const farms = chosenFarms(options);
  const left = checkpoint.adapter?.unmatched ?? [];
  if (left.length > 0) {
    tell(
      io.stderr,
      `warning: ${left.length} modules of ${adapter} are not in ${source}: ${some(left)}`,
    );
  }
  const choice = selection(options, checkpoint.tensors);
  const chosen = chosenUnits(checkpoint, choice);
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const shards = shard && assignShards(chosen, shard.count);
  /** The shard of a matrix, where it is another one than ours. */
  const elsewhere = (name: string): number | undefined => {
    const owner = shards?.get(name);
    return owner === shard?.index ? undefined : owner;
  };

  const digests = new Map<string, string>();
  let found = 0;
  let notKept: string | undefined;
  const version = toolVersion();
  const cacheFolder = options.cacheDir ?? defaultCacheFolder();
  const progress = progressLine(io.stderr);
  const work = {
    settings: {
      ...{
        model: reopenable(path, checkpoint),
        splitFused,
        engine,
        precision,
        version,
        build: options.build,
      },
      ...{ estimator: options.estimator, metrics, bootstrap, seed },
      ...(tail !== undefined && { tail }),
      ...(adapter !== undefined && { adapter }),
      ...(access && { access }),
      ...(farms && { farms }),
      ...(options.cache && { cacheFolder }),
    },
    units: chosen.filter(({ name }) => elsewhere(name) === undefined),
    onMeasured: (unit: SpectralUnit, measured: Measured) => {
      digests.set(unit.name, measured.digest);
      found += measured.found;
      notKept ??= measured.notKept;
    },
  };
  const onNotice = (text: string): void => {
    progress.clear();
    tell(io.stderr, `${text}`);
  };
  const { queue } = options;
  const pipeline =
    queue === undefined
      ? await createPipeline({
          ...work,
          jobs: options.jobs ?? availableParallelism(),
          maxMemory: options.maxMemory ?? 0.8 * totalmem(),
        })
      : await (await import('../cluster/pipeline.js')).createQueuePipeline({
          ...{ ...work, queue, checkpoint, limits: options, signal: io.signal, onNotice },
        });
  try {
    const { architecture, blocks } = checkpoint;
    const { build, concurrency, measure: measureUnit } = pipeline;
    const analysis = await analyzeWith(checkpoint.tensors, {
      measure: measureUnit,
      concurrency,
      tool: { name: 'alphalora', version },
      model: {
        source,
        ...(architecture !== undefined && { architecture }),
        ...(adapter !== undefined && { adapter }),
        blocks,
      },
      aggregate: options.aggregate ?? 'mean',
      select: (unit) => {
        const other = elsewhere(unit.name);
        return other === undefined ? choice(unit) : `measured by shard ${other}/${shard!.count}`;
      },
      record: {
        ...measureRecord({
          ...{ engine: { name: engine }, estimator, precision, metrics, bootstrap, seed },
          ...(build !== undefined && { build }),
          ...(farms && { farms }),
        }),
        ...(tail !== undefined && { tail }),
        ...(options.include && { include: options.include }),
        ...(options.exclude && { exclude: options.exclude }),
        splitFused,
      },
      signal: io.signal,
      onProgress: (state) => progress.update(state, found, receivedBytes(access)),
    });
    await requireUnchanged(checkpoint, states);
    if (notKept !== undefined) {
      progress.clear();
      tell(
        io.stderr,
        `warning: spectra are not kept (${notKept}); --cache-dir names another folder`,
      );
    }
    const matrices = analysis.matrices.map((row) => {
      const other = elsewhere(row.name);
      const digest = digests.get(row.name);
      return { ...row, ...(digest && { digest }), ...(other && { shard: other }) };
    });
    return shard ? { ...analysis, matrices, shard } : withModelDigest({ ...analysis, matrices });
  } finally {
    progress.clear();
    await pipeline.close();
  }
}

/** The matrices that will be measured. */
export function chosenUnits({ tensors }: Checkpoint, choice: Choice): SpectralUnit[] {
  return measurableUnits(tensors).filter(
    (unit) => (choice(unit) ?? unaskedReason(unit) ?? true) === true,
  );
}

/** Each of the three options turns the sampling on. */
function chosenFarms(options: MeasuringOptions): Required<FarmsOptions> | undefined {
  const { farms, farmsSize, farmsWindows } = options;
  if (!farms && farmsSize === undefined && farmsWindows === undefined) return undefined;
  return farmsOptions({
    ...farmsSize,
    ...(farmsWindows !== undefined && { windows: farmsWindows }),
  });
}

/** Operations of the decompositions that a unit takes. */
export function workOf(unit: SpectralUnit, options: MeasuringOptions): number {
  const farms = chosenFarms(options);
  return operations(sampledUnit(unit, farms ? { farms } : {}));
}

function some(names: readonly string[]): string {
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', ...' : '');
}
