/**
 * What goes to the machines that measure: the options of a matrix's job, and by what they know that
 * they see the same model. Options are checked on arrival, since anybody who can write to the queue's
 * server can write anything there: they only choose among what this program has.
 */
import { join } from 'node:path';
import type { Checkpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { castTypes } from '@alphalora/contracts/weights';
import {
  engines,
  fileState,
  fileStates,
  listDigest,
  type MeasurerSettings,
  type ModelReference,
} from '@alphalora/measuring';
import { builds } from '@alphalora/measuring/engines';
import * as v from 'valibot';

/** The settings that change numbers; the others are each machine's own. */
const measuringOptions = v.strictObject({
  splitFused: v.boolean(),
  cast: v.exactOptional(v.picklist(castTypes)),
  engine: v.pipe(
    v.string(),
    v.check(
      (name) => engines.has(name),
      ({ input }) =>
        `unknown engine ${JSON.stringify(input)}: choose one of ${engines.names().join(', ')}`,
    ),
  ),
  build: v.picklist(builds),
  precision: v.picklist(['auto', 'f32', 'f64']),
  estimator: v.pipe(v.string(), v.maxLength(100)),
  tail: v.exactOptional(count(1, 1e9)),
  tailShare: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
  bag: v.exactOptional(count(1, 1e5)),
  minTail: v.exactOptional(count(1, 1e9)),
  evalsThreshold: v.exactOptional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  metrics: v.pipe(v.array(v.pipe(v.string(), v.maxLength(100))), v.maxLength(200)),
  draws: v.exactOptional(count(0, 1e5)),
  bootstrap: v.exactOptional(count(0, 1e5)),
  seed: count(0, Number.MAX_SAFE_INTEGER),
  farms: v.exactOptional(
    v.strictObject({
      rows: count(2, 1e6),
      ratio: v.pipe(v.number(), v.minValue(1), v.maxValue(1e6)),
      // Up to its square for a matrix.
      windows: count(1, 256),
      upright: v.exactOptional(v.literal(true)),
    }),
  ),
});

function count(smallest: number, largest: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(smallest), v.maxValue(largest));
}

type Measuring = 'engine' | 'build' | 'precision' | 'estimator' | 'tail' | 'tailShare' | 'bag';
type Summarising =
  | 'metrics'
  | 'minTail'
  | 'evalsThreshold'
  | 'draws'
  | 'bootstrap'
  | 'seed'
  | 'farms';

export type JobOptions = Pick<ModelReference, 'splitFused' | 'cast'> &
  Pick<MeasurerSettings, Measuring | Summarising>;

export function jobOptions(settings: JobOptions): JobOptions {
  const { splitFused, cast, engine, build, precision, estimator, tail, tailShare } = settings;
  const { bag, minTail, evalsThreshold, metrics, draws, bootstrap, seed, farms } = settings;
  return checkedOptions({
    splitFused,
    engine,
    build,
    precision,
    estimator,
    metrics,
    seed,
    ...defined({ cast, tail, tailShare, bag, minTail, evalsThreshold, draws, bootstrap }),
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

/** Digest of what the headers say, by which two machines know that they see the same model. */
export function layoutOf({ tensors }: Checkpoint): string {
  return listDigest(tensors.map(({ name, dtype, shape }) => `${dtype} ${shape.join('x')} ${name}`));
}

/**
 * Identity of the weights' values, found without reading them. It includes the configurations, which
 * say how fused weights divide and by what an adapter's updates are multiplied.
 */
export async function contentOf(checkpoint: Checkpoint): Promise<string> {
  const { config, adapter } = checkpoint;
  const states = await fileStates(checkpoint);
  const scale = adapter && (await fileState(join(adapter.source, 'adapter_config.json')));
  return listDigest([
    ...states,
    JSON.stringify(config ?? null),
    adapter?.source ?? '',
    scale ?? '',
  ]);
}
