/**
 * Everything that decides the numbers of a run besides the model and the data, as plain data that is
 * kept in its state: a run resumes with the settings that it began with, or not at all.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import { type ScheduleName, scheduleNames } from './schedules.js';

export interface TrainingSettings {
  /** Updates of the weights in all. */
  readonly steps: number;
  /** Sequences of a step. */
  readonly batchSize: number;
  /** Sequences of a step that pass through the model at once; their gradients are accumulated. */
  readonly microBatchSize: number;
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  readonly warmupSteps: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global norm of the gradients; null for none. */
  readonly clipNorm: number | null;
  /** Sequences of similar length share a step, which saves padding; see `epochBatches`. */
  readonly groupByLength: boolean;
  /** Of the order of the data and of everything random in the model. */
  readonly seed: number;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const positive = v.pipe(v.number(), v.gtValue(0), v.finite());
const beta = v.pipe(v.number(), v.minValue(0), v.ltValue(1));

const schema: v.GenericSchema<TrainingSettings> = v.pipe(
  v.strictObject({
    steps: count,
    batchSize: count,
    microBatchSize: count,
    learningRate: positive,
    schedule: v.picklist(scheduleNames),
    warmupSteps: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    beta1: beta,
    beta2: beta,
    epsilon: positive,
    weightDecay: v.pipe(v.number(), v.minValue(0), v.finite()),
    clipNorm: v.nullable(positive),
    groupByLength: v.boolean(),
    seed: v.pipe(v.number(), v.safeInteger()),
  }),
  v.check(
    ({ batchSize, microBatchSize }) => batchSize % microBatchSize === 0,
    'batchSize is no multiple of microBatchSize',
  ),
  v.check(({ steps, warmupSteps }) => warmupSteps < steps, 'warmupSteps is not less than steps'),
);

/** What a caller may leave out, and how long to train: by steps or by epochs. */
export type TrainingOptions = Readonly<
  Partial<Omit<TrainingSettings, 'steps'>> &
    ({ steps: number; epochs?: never } | { epochs: number; steps?: never })
>;

/**
 * Settings with all defaults filled in. Those of the released AlphaLoRA and MoLA runs are AdamW
 * without decay, learning rate 3e-4 with 100 warm-up steps, seed 10 and batches grouped by length;
 * they take 128 sequences a step, 8 at once, which is left to the caller. The warm-up is at most a
 * tenth of the run unless it is given.
 *
 * @param sequences how many there are to train on
 * @throws AlphaLoraError `INVALID_OPTION` when a value is out of its range
 */
export function trainingSettings(options: TrainingOptions, sequences: number): TrainingSettings {
  const { steps: givenSteps, epochs, batchSize = 8, ...rest } = options;
  const microBatchSize = rest.microBatchSize ?? batchSize;
  const steps = givenSteps ?? Math.ceil(epochs! * stepsPerEpoch(batchSize, sequences));
  return checkSettings({
    learningRate: 3e-4,
    schedule: 'linear',
    warmupSteps: Math.min(100, Math.floor(steps / 10)),
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clipNorm: 1,
    groupByLength: true,
    seed: 10,
    ...rest,
    steps,
    batchSize,
    microBatchSize,
  });
}

/** @throws AlphaLoraError `INVALID_OPTION` naming what is wrong */
export function checkSettings(settings: unknown): TrainingSettings {
  const checked = v.safeParse(schema, settings);
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  const path = v.getDotPath(issue);
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `training settings: ${path ? `${path}: ` : ''}${issue.message}`,
    { details: { option: path ?? undefined } },
  );
}

/** One step of an epoch may have fewer sequences than the others. */
export function stepsPerEpoch(batchSize: number, sequences: number): number {
  return Math.ceil(sequences / batchSize);
}
