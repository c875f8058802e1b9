/** Opening and measuring a model: what `analyze`, `allocate` and `plan` have in common. */
import { availableParallelism, totalmem } from 'node:os';
import { type Checkpoint, openCheckpoint } from '@alphalora/checkpoint/node';
import {
  type Aggregate,
  AlphaLoraError,
  type Analysis,
  type Precision,
  type TailEstimator,
} from '@alphalora/contracts';
import {
  analyze,
  hill,
  loadEstimator,
  matrixOperations,
  operations,
  type SpectralUnit,
  unaskedReason,
} from '@alphalora/htsr-core';
import type { Io } from '../io.js';
import { progressLine } from '../output/progress.js';
import { defaultCacheFolder } from '../pipeline/cache.js';
import { listDigest } from '../pipeline/digest.js';
import { createPipelineEngine } from '../pipeline/engine.js';
import { withModelDigest } from '../pipeline/identity.js';
import { assignShards, parseShard } from '../pipeline/shards.js';
import { measurableUnits, requireEngine } from '../pipeline/solver.js';
import { toolVersion } from '../program.js';
import { type Choice, selection } from './selection.js';

export interface MeasuringOptions {
  estimator: string;
  tail?: number;
  aggregate: Aggregate;
  include?: string[];
  exclude?: string[];
  splitFused?: boolean;
  engine: string;
  build: string;
  precision: Precision;
  jobs?: number;
  maxMemory?: number;
  /** `false` with --no-cache. */
  cache: boolean;
  cacheDir?: string;
  shard?: string;
  json?: boolean;
}

/** Opens a model for the time that `use` takes. */
export async function withModel<Result>(
  path: string,
  options: { splitFused?: boolean },
  { signal }: Io,
  use: (checkpoint: Checkpoint) => Promise<Result>,
): Promise<Result> {
  const { splitFused = false } = options;
  if (/^[a-z]+:\/\//i.test(path)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${path}: models are read from disk only; download it and give its folder`,
    );
  }
  const checkpoint = await openCheckpoint(path, { splitFused, signal });
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
  { checkpoint, path, source }: OpenModel,
  options: MeasuringOptions,
  io: Io,
): Promise<Analysis> {
  const { engine: engineName, precision, splitFused = false } = options;
  const estimator = await chosenEstimator(options);
  const { memory } = requireEngine(engineName);
  const choice = selection(options, checkpoint.tensors);
  const chosen = chosenUnits(checkpoint, choice);
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const shards = shard && assignShards(chosen, shard.count);
  /** The shard of a matrix, where it is another one than ours. */
  const elsewhere = (name: string): number | undefined => {
    const owner = shards?.get(name);
    return owner === shard?.index ? undefined : owner;
  };
  const mine = chosen.filter(({ name }) => elsewhere(name) === undefined);

  const digests = new Map<string, string>();
  let found = 0;
  let notKept: string | undefined;
  const version = toolVersion();
  const cacheFolder = options.cacheDir ?? defaultCacheFolder();
  const engine = await createPipelineEngine({
    settings: {
      ...{ model: path, splitFused, engine: engineName, precision, version, build: options.build },
      ...(options.cache && { cacheFolder }),
    },
    jobs: options.jobs ?? availableParallelism(),
    maxMemory: options.maxMemory ?? 0.8 * totalmem(),
    memoryOf: (matrix) => memory(matrix, precision),
    work: mine.reduce((sum, unit) => sum + operations(unit), 0),
    onSolution: (matrix, solution) => {
      digests.set(matrix.name, solution.digest);
      if (solution.found) found += matrixOperations(matrix);
      notKept ??= solution.notKept;
    },
  });
  const progress = progressLine(io.stderr);
  try {
    const { architecture, blocks } = checkpoint;
    const analysis = await analyze(checkpoint.tensors, {
      engine,
      estimator,
      tool: { name: 'alphalora', version },
      model: { source, ...(architecture !== undefined && { architecture }), blocks },
      aggregate: options.aggregate,
      precision,
      select: (unit) => {
        const other = elsewhere(unit.name);
        return other === undefined ? choice(unit) : `measured by shard ${other}/${shard!.count}`;
      },
      record: {
        ...(options.tail !== undefined && { tail: options.tail }),
        ...(options.include && { include: options.include }),
        ...(options.exclude && { exclude: options.exclude }),
        splitFused,
      },
      signal: io.signal,
      onProgress: (state) => progress.update(state, found),
    });
    if (notKept !== undefined) {
      progress.clear();
      io.stderr.write(
        `warning: spectra are not kept (${notKept}); --cache-dir names another folder\n`,
      );
    }
    const rowDigests = unitDigests(mine, digests);
    const matrices = analysis.matrices.map((row) => {
      const other = elsewhere(row.name);
      const digest = rowDigests.get(row.name);
      return { ...row, ...(digest && { digest }), ...(other && { shard: other }) };
    });
    return shard ? { ...analysis, matrices, shard } : withModelDigest({ ...analysis, matrices });
  } finally {
    progress.clear();
    await engine.close?.();
  }
}

/** The matrices that will be measured. */
export function chosenUnits({ tensors }: Checkpoint, choice: Choice): SpectralUnit[] {
  return measurableUnits(tensors).filter(
    (unit) => (choice(unit) ?? unaskedReason(unit) ?? true) === true,
  );
}

/** Digests by row: that of its matrix, or of the list of its matrices' digests. */
function unitDigests(
  units: readonly SpectralUnit[],
  digests: ReadonlyMap<string, string>,
): Map<string, string> {
  const result = new Map<string, string>();
  for (const { name, matrices } of units) {
    const known = matrices.flatMap((matrix) => digests.get(matrix.name) ?? []);
    if (known.length < matrices.length) continue;
    result.set(name, known.length === 1 ? known[0]! : listDigest(known));
  }
  return result;
}

async function chosenEstimator({ estimator, tail }: MeasuringOptions): Promise<TailEstimator> {
  if (tail === undefined) return loadEstimator(estimator);
  if (estimator === 'hill') return hill({ k: tail });
  throw new AlphaLoraError('INVALID_OPTION', '--tail goes with --estimator hill only');
}
