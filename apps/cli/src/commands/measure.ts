/** Opening and measuring a model: what `analyze`, `allocate` and `plan` have in common. */
import { createHash } from 'node:crypto';
import { type Checkpoint, openCheckpoint } from '@alphalora/checkpoint/node';
import {
  type Aggregate,
  AlphaLoraError,
  type Analysis,
  type ByteSource,
  type TailEstimator,
  type WeightDescription,
} from '@alphalora/contracts';
import { analyze, createReferenceEngine, hill, loadEstimator } from '@alphalora/htsr-core';
import picomatch from 'picomatch';
import type { Io } from '../io.js';
import { omissions } from '../output/analysis.js';
import { progressLine } from '../output/progress.js';
import { toolVersion } from '../program.js';

export interface MeasuringOptions {
  estimator: string;
  tail?: number;
  aggregate: Aggregate;
  include?: string[];
  exclude?: string[];
  splitFused?: boolean;
  json?: boolean;
}

/** Opens a model for the time that `use` takes. */
export async function withModel<Result>(
  path: string,
  options: { splitFused?: boolean },
  { signal }: Io,
  use: (checkpoint: Checkpoint) => Promise<Result>,
): Promise<Result> {
  const checkpoint = await openCheckpoint(path, {
    splitFused: options.splitFused ?? false,
    signal,
  });
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** @param source what the document calls the model */
export async function measure(
  checkpoint: Checkpoint,
  source: string,
  options: MeasuringOptions,
  io: Io,
): Promise<Analysis> {
  const { signal, stderr } = io;
  const estimator = await chosenEstimator(options);
  const select = selection(options, checkpoint.tensors);
  const progress = progressLine(stderr);
  try {
    const digest = await modelDigest(checkpoint.files, signal);
    const { architecture, blocks } = checkpoint;
    return await analyze(checkpoint.tensors, {
      engine: createReferenceEngine(),
      estimator,
      tool: { name: 'alphalora', version: toolVersion() },
      model: { source, ...(architecture !== undefined && { architecture }), blocks, digest },
      aggregate: options.aggregate,
      select,
      record: {
        ...(options.tail !== undefined && { tail: options.tail }),
        ...(options.include && { include: options.include }),
        ...(options.exclude && { exclude: options.exclude }),
        splitFused: options.splitFused ?? false,
      },
      signal,
      onProgress: progress.update,
    });
  } finally {
    progress.clear();
  }
}

/** Says on stderr what was left out; `measure` itself stays silent so that files come first. */
export function warnOfOmissions(analysis: Analysis, { stderr }: Io): void {
  stderr.write(omissions(analysis));
}

async function chosenEstimator({ estimator, tail }: MeasuringOptions): Promise<TailEstimator> {
  if (tail === undefined) return loadEstimator(estimator);
  if (estimator === 'hill') return hill({ k: tail });
  throw new AlphaLoraError('INVALID_OPTION', '--tail goes with --estimator hill only');
}

type Choice = (weight: WeightDescription) => true | string | undefined;

/** @throws AlphaLoraError `INVALID_OPTION` when a pattern matches no weight */
export function selection(
  { include, exclude }: Pick<MeasuringOptions, 'include' | 'exclude'>,
  weights: readonly WeightDescription[],
): Choice {
  const matcher = (option: string, glob: string): ((name: string) => boolean) => {
    // Brackets are part of names (`c_attn.weight[q]`), and a star crosses everything.
    const matches = picomatch(glob, { nobracket: true, bash: true, dot: true });
    if (weights.some(({ name }) => matches(name))) return matches;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${option} '${glob}' matches no weight of the model; alphalora inspect lists their names`,
    );
  };
  const included = include?.map((glob) => matcher('--include', glob));
  const excluded = exclude?.map((glob) => ({ glob, matches: matcher('--exclude', glob) }));
  return ({ name }) => {
    const exclusion = excluded?.find(({ matches }) => matches(name));
    if (exclusion) return `excluded by --exclude '${exclusion.glob}'`;
    if (!included) return undefined;
    return included.some((matches) => matches(name)) || 'not matched by --include';
  };
}

/**
 * Digest of the weights: SHA-256 over lines `<sha-256 of file>  <file name>` in the order of the
 * names, which the hub's file digests give without a download.
 */
async function modelDigest(files: readonly ByteSource[], signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    for (let start = 0; start < file.byteLength; start += CHUNK) {
      const end = Math.min(start + CHUNK, file.byteLength);
      hash.update(await file.read(start, end, signal));
    }
    lines.push(`${hash.digest('hex')}  ${file.name.split(/[\\/]/).at(-1)}\n`);
  }
  lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return `sha256:${createHash('sha256').update(lines.join('')).digest('hex')}`;
}

const CHUNK = 1 << 20;
