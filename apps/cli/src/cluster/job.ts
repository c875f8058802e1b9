/**
 * What travels between the machine that asks and those that measure: the options of a matrix's job,
 * and the measurement that comes back. Both are checked on arrival, since anybody who can write to
 * the queue's server can write anything there: options only choose among what this program has.
 */
import type { Checkpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import { fileStates } from '../models/state.js';
import { listDigest } from '../pipeline/digest.js';
import { engineNames, type Measured, type MeasurerSettings } from '../pipeline/measurer.js';

/** The settings that change numbers; the others are each machine's own. */
const measuringOptions = v.strictObject({
  splitFused: v.boolean(),
  engine: v.picklist(engineNames),
  build: v.picklist(['auto', 'relaxed', 'simd']),
  precision: v.picklist(['auto', 'f32', 'f64']),
  estimator: v.pipe(v.string(), v.maxLength(100)),
  tail: v.exactOptional(count(1, 1e9)),
  metrics: v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(200)),
  bootstrap: count(0, 1e5),
  seed: count(0, Number.MAX_SAFE_INTEGER),
  farms: v.exactOptional(
    v.strictObject({
      rows: count(2, 1e6),
      ratio: v.pipe(v.number(), v.minValue(1), v.maxValue(1e6)),
      windows: count(1, 1e4),
    }),
  ),
});

function count(smallest: number, largest: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(smallest), v.maxValue(largest));
}

type Measuring = 'splitFused' | 'engine' | 'build' | 'precision' | 'estimator' | 'tail';
type Summarising = 'metrics' | 'bootstrap' | 'seed' | 'farms';

export type JobOptions = Pick<MeasurerSettings, Measuring | Summarising>;

export function jobOptions(settings: Omit<MeasurerSettings, 'keepBytes'>): JobOptions {
  const { splitFused, engine, build, precision, estimator, tail } = settings;
  const { metrics, bootstrap, seed, farms } = settings;
  return checkedOptions({
    ...{ splitFused, engine, build, precision, estimator, metrics, bootstrap, seed },
    ...(tail !== undefined && { tail }),
    ...(farms && { farms }),
  });
}

/** @throws AlphaLoraError `INVALID_OPTION` naming the first fault */
export function checkedOptions(options: unknown): JobOptions {
  const { success, output, issues } = v.safeParse(measuringOptions, options);
  if (success) return output;
  const [issue] = issues;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `an option of the job: ${v.getDotPath(issue) ?? 'all'}: ${issue.message}`,
  );
}

/** What a worker sends, apart from the numbers themselves, which the document takes as they are. */
const answer = v.object({
  measurement: v.looseObject({
    alpha: v.number(),
    metrics: v.record(v.string(), v.nullable(v.number())),
  }),
  digest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  found: v.pipe(v.number(), v.minValue(0)),
});

/** @throws AlphaLoraError `ENGINE_FAILED` when it is no measurement */
export function checkedAnswer(result: unknown): Measured {
  const { success, issues } = v.safeParse(answer, result);
  // As it came: a checked copy has its properties in another order, and the document would too.
  if (success) return result as Measured;
  throw new AlphaLoraError(
    'ENGINE_FAILED',
    `the worker sent what is no measurement: ${issues[0].message}`,
  );
}

/** Digest of what the headers say, by which two machines know that they see the same model. */
export function layoutOf({ tensors }: Checkpoint): string {
  return listDigest(tensors.map(({ name, dtype, shape }) => `${dtype} ${shape.join('x')} ${name}`));
}

/** Identity of the weights' values, found without reading them. */
export async function contentOf(checkpoint: Checkpoint): Promise<string> {
  return listDigest(await fileStates(checkpoint));
}
