/**
 * The training loop: gradients of micro-batches, clipping, AdamW under a schedule, evaluation,
 * callbacks, checkpoints.
 *
 * Every number of a step follows from the settings, the data, the variables, the optimiser and the
 * step's number, all of which a `TrainingState` holds. A run that goes on from one therefore has
 * the same losses bit for bit as one that never stopped, on the same backend.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import type { Tensors } from '../adapters/adapter-spec.js';
import { checkSequences } from '../decoder/vocabulary.js';
import { prepareBackend } from '../ops/prepare-backend.js';
import { derivedSeed } from '../ops/random.js';
import { tensorOf, valuesOf } from '../ops/values.js';
import { readTensor } from '../ops/webgpu.js';
import { adamW } from './adamw.js';
import type { CallbackState, RunContext, StepReport, TrainingCallback } from './callbacks.js';
import { clipFactor, globalNorm, stepGradients } from './gradients.js';
import { chunks, epochBatches } from './order.js';
import { progressMeter } from './progress.js';
import { learningRateAt } from './schedules.js';
import { fingerprint, type TokenSequence, tokenBatch } from './sequences.js';
import { stepsPerEpoch, type TrainingSettings } from './settings.js';
import { checkStep, checkWeights, type StepNumbers } from './step-check.js';
import type { Trainable } from './trainable.js';
import { checkResumable, type TrainingState } from './training-state.js';

export interface TrainingRun {
  model: Trainable;
  sequences: readonly TokenSequence[];
  /** See `trainingSettings`. */
  settings: TrainingSettings;
  callbacks?: readonly TrainingCallback[];
  /**
   * Measures after every so many steps and after the last; what it gives is in the step's report.
   * When the signal is aborted it may reject, and the report has no evaluation.
   */
  evaluation?: { every: number; measure(step: number): Promise<Readonly<Record<string, number>>> };
  /** Keeps the state after every so many steps, after the last, and when the run is ended or aborted. */
  checkpoints?: { every: number; save(state: TrainingState): Promise<void> };
  /**
   * Goes on from there. Settings, sequences and shapes must be the same, and are checked; what is
   * frozen in the model must be too, and is not. There may be more steps than before: the schedule
   * is then that of the new number.
   */
  resume?: TrainingState;
  /** Ends the run after the current step, with a checkpoint; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** A clock in milliseconds, for the reports. @default performance.now */
  now?: () => number;
}

/**
 * Trains the variables of the model in place.
 *
 * @returns the state after the last step that was taken
 * @throws AlphaLoraError `INVALID_OPTION` when there is nothing to train on, a token is not in the
 *   vocabulary, or the state to resume from belongs to another run; `TRAINING_FAILED` when loss or gradient norm are no
 *   finite numbers or exactly 0, see `checkStep`, or a weight is not finite after the last step;
 *   `ENGINE_FAILED` when the device of the backend reports an error. The last checkpoint is good
 */
export async function train(run: TrainingRun): Promise<TrainingState> {
  const { model, sequences, settings, callbacks = [], evaluation, checkpoints, resume } = run;
  const { signal, now = () => performance.now() } = run;
  const { steps, batchSize, seed } = settings;
  signal?.throwIfAborted();
  checkRun(run);
  prepareBackend();
  const { groups, vocabularySize } = model;
  const variables = Object.fromEntries(
    model.variables.map((variable) => [variable.name, variable]),
  );
  const data = { sequences: sequences.length, fingerprint: fingerprint(sequences) };
  if (resume) await restore(resume);

  const optimizer = adamW(model.variables, { ...settings, groups }, resume?.optimizer);
  const batchesAt = batchPlan(run);
  const meter = progressMeter(now);
  let step = resume?.step ?? 0;
  try {
    let over = false;
    for (const callback of callbacks)
      if ((await callback.onStart?.(context())) === 'stop') over = true;
    while (step < steps && !over) {
      const report = await takeStep();
      for (const callback of callbacks)
        if ((await callback.onStep?.(report, context())) === 'stop') over = true;
      over ||= step === steps;
      const due = checkpoints && (step % checkpoints.every === 0 || over);
      if (checkpoints && (due || signal?.aborted)) await checkpoints.save(await state());
      // Timers and signals get their turn: on some backends no await above really waits.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (!over) signal?.throwIfAborted();
    }
    return await state();
  } finally {
    optimizer.dispose();
  }

  function context(): RunContext {
    return { step, steps, variables };
  }

  async function takeStep(): Promise<StepReport> {
    meter.stepBegins();
    const batches = batchesAt(step).map((batch) => tokenBatch(batch.map((i) => sequences[i]!)));
    const seeds = batches.map((_, i) => derivedSeed(seed, `step ${step} batch ${i}`));
    const found = stepGradients(model, batches, seeds);
    const changed = tf.tidy(() =>
      callbacks.reduce<Tensors>(
        (gradients, { onGradients }) => onGradients?.(gradients, context()) ?? gradients,
        found.gradients,
      ),
    );
    const foundNorm = globalNorm(found.gradients);
    const norm = changed === found.gradients ? foundNorm : globalNorm(changed);
    const learningRate = learningRateAt(step, { name: settings.schedule, ...settings });
    let numbers: StepNumbers;
    try {
      numbers = {
        step,
        learningRate,
        vocabularySize,
        ...(await readScalars(found.loss, foundNorm, norm)),
      };
      checkStep(numbers);
      const factor = clipFactor(numbers.gradientNorm, settings.clipNorm);
      optimizer.apply(changed, learningRate, factor);
    } finally {
      tf.dispose([found.loss, foundNorm, norm, found.gradients, changed]);
    }
    step++;
    const tokens = batches.flatMap(({ lengths }) => lengths).reduce((sum, n) => sum + n, 0);
    const progress = meter.stepEnds(tokens, steps - step);
    const measured = await evaluate();
    const epoch = step / stepsPerEpoch(batchSize, sequences.length);
    const { loss, gradientNorm } = numbers;
    return {
      step,
      steps,
      epoch,
      loss,
      learningRate,
      gradientNorm,
      tokens,
      targets: found.targets,
      ...progress,
      ...(measured && { evaluation: measured }),
    };
  }

  async function evaluate(): Promise<StepReport['evaluation']> {
    if (!evaluation || (step % evaluation.every !== 0 && step < steps)) return undefined;
    try {
      return await evaluation.measure(step);
    } catch (error) {
      // Cut short by the signal that ends the run: the step before it must not be lost.
      if (signal?.aborted) return undefined;
      throw error;
    }
  }

  async function state(): Promise<TrainingState> {
    const states: Record<string, CallbackState> = {};
    for (const callback of callbacks)
      if (callback.state) states[callback.name] = await callback.state();
    const tensors = await valuesOf(variables);
    checkWeights(step, tensors);
    return {
      step,
      settings,
      groups: groups ?? {},
      data,
      tensors,
      optimizer: await optimizer.state(),
      callbacks: states,
    };
  }

  async function restore(from: TrainingState): Promise<void> {
    checkResumable(from, { settings, data, groups, variables: model.variables, callbacks });
    for (const [name, values] of Object.entries(from.tensors))
      tf.tidy(() => variables[name]!.assign(tensorOf(values)));
    for (const callback of callbacks) {
      const kept = from.callbacks[callback.name];
      if (kept) await callback.restore?.(kept);
    }
  }
}

function checkRun({ sequences, model, callbacks = [] }: TrainingRun): void {
  const names = callbacks.map(({ name }) => name);
  const problem =
    sequences.length === 0
      ? 'there is no sequence to train on'
      : model.variables.length === 0
        ? 'the model has no variable to train'
        : new Set(names).size < names.length || names.some((name) => name.includes('/'))
          ? `callbacks need names of their own without a slash, not ${names.join(', ')}`
          : undefined;
  if (problem) throw new AlphaLoraError('INVALID_OPTION', problem);
  if (model.vocabularySize !== undefined) checkSequences(sequences, model.vocabularySize);
}

/** The micro-batches of a step, as indices; an epoch's order is made once. */
function batchPlan({ sequences, settings }: TrainingRun): (step: number) => number[][] {
  const { batchSize, microBatchSize, groupByLength, seed } = settings;
  const lengths = sequences.map(({ ids }) => ids.length);
  const perEpoch = stepsPerEpoch(batchSize, sequences.length);
  let [current, batches] = [-1, [] as number[][]];
  return (step) => {
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== current) {
      batches = epochBatches({ lengths, batchSize, groupByLength, seed, epoch });
      current = epoch;
    }
    return chunks(batches[step % perEpoch]!, microBatchSize);
  };
}

/** In one transfer from the device. */
async function readScalars(
  ...scalars: readonly tf.Scalar[]
): Promise<Pick<StepNumbers, 'loss' | 'foundNorm' | 'gradientNorm'>> {
  const stacked = tf.stack([...scalars]);
  try {
    const [loss, foundNorm, gradientNorm] = await readTensor(stacked);
    return { loss: loss!, foundNorm: foundNorm!, gradientNorm: gradientNorm! };
  } finally {
    stacked.dispose();
  }
}
